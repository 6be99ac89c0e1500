using System.Globalization;
using System.Runtime.InteropServices;
using FwdLLM.Grains;

namespace FwdLLM.Silo.Faults;

/// <summary>
/// Test equipment: makes the planned faults happen. With a folder each fault happens once for all silos that share it, restarted ones
/// included: the first to create the fault's file there has it, and leaves the time in it. Notes are taken by each process in a file of its own.
/// </summary>
internal sealed partial class FaultInjector : IFaultPoints
{
    private const int SigKill = 9, SigStop = 19;

    private readonly IReadOnlyList<PlannedFault> _plan;
    private readonly string? _folder;
    private readonly StorageFaults _storage;
    private readonly TimeProvider _clock;
    private readonly ILogger<FaultInjector> _logger;
    private readonly HashSet<PlannedFault> _over = [];
    private readonly Lock _lock = new();

    public FaultInjector(IReadOnlyList<PlannedFault> plan, string? folder, StorageFaults storage, TimeProvider clock, ILogger<FaultInjector> logger)
    {
        (_plan, _folder, _storage, _clock, _logger) = (plan, folder, storage, clock, logger);
        if (folder is not null) Directory.CreateDirectory(folder);
        LogArmed(string.Join("; ", plan.Select(fault => fault.Text)));
    }

    public void Reach(FaultPoint point, string jobId, uint round)
    {
        foreach (var fault in _plan)
        {
            if (fault.Point != point || round < fault.FromRound || (fault.JobId ?? jobId) != jobId) continue;
            if (fault.OnceArmed && !File.Exists(FileOf(fault, "armed"))) continue;
            lock (_lock)
            {
                if (fault.Action == FaultAction.Note) TakeNote(fault, jobId, round);
                else if (!_over.Add(fault) || !IsFirst(fault, jobId, round)) continue;
            }

            LogHappens(fault.Text, jobId, round);
            if (fault.Action == FaultAction.Kill) _ = Signal(Environment.ProcessId, SigKill);
            else if (fault.Action == FaultAction.Stop) _ = Signal(Environment.ProcessId, SigStop);
            else if (fault.Action != FaultAction.Note) _storage.Arm(fault.Action, TimeSpan.FromMilliseconds(fault.Amount));
        }
    }

    private void TakeNote(PlannedFault fault, string jobId, uint round)
    {
        if (_folder is not null) File.AppendAllText(FileOf(fault, $"{Environment.ProcessId}.noted"), $"{Line(jobId, round)}\n");
    }

    private bool IsFirst(PlannedFault fault, string jobId, uint round)
    {
        if (_folder is null) return true;
        try
        {
            using var file = new FileStream(FileOf(fault, "happened"), FileMode.CreateNew, FileAccess.Write);
            file.Write(System.Text.Encoding.UTF8.GetBytes(Line(jobId, round)));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string Line(string jobId, uint round) => string.Create(
        CultureInfo.InvariantCulture, $"{Environment.ProcessId} {_clock.GetUtcNow().ToUnixTimeMilliseconds()} {jobId} {round}");

    private string FileOf(PlannedFault fault, string ending) =>
        Path.Combine(_folder ?? "", $"{string.Join('_', fault.Text.Split(Path.GetInvalidFileNameChars()))}.{ending}");

    [DllImport("libc", EntryPoint = "kill", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);

    [LoggerMessage(Level = LogLevel.Warning, Message = "THIS SILO IS TEST EQUIPMENT: it will harm itself as it was told to: {Plan}")]
    private partial void LogArmed(string plan);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Fault {Fault} happens now, in job {JobId} round {Round}")]
    private partial void LogHappens(string fault, string jobId, uint round);
}
