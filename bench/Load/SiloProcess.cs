using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace FwdLLM.Bench.Load;

/// <summary>One silo in a process of its own. Disposing leaves no process behind.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private const string Ready = "silo ready";

    private readonly Process _process;
    private readonly Channel<string> _answers = Channel.CreateUnbounded<string>(); // One line for each question asked.

    private SiloProcess(Process process) => _process = process;

    /// <summary>Processor time so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes resident now.</summary>
    public long Resident
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts a silo and waits until it serves.</summary>
    /// <exception cref="IOException">It ended instead; the message has what it said.</exception>
    public static async Task<SiloProcess> StartAsync(IEnumerable<string> siloArguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(SiloProcess).Assembly.Location);
        foreach (var argument in (string[])["load", LoadSilo.Option, .. siloArguments])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var silo = new SiloProcess(Process.Start(start) ?? throw new IOException($"{program} did not start."));
        _ = silo.ReadAsync();
        await silo.AnswerAsync(cancellation);
        return silo;
    }

    /// <summary>Bytes of objects that live after a full collection.</summary>
    public async Task<long> CollectAsync(CancellationToken cancellation)
    {
        await _process.StandardInput.WriteLineAsync(LoadSilo.HeapCommand);
        var line = await AnswerAsync(cancellation);
        return long.Parse(line.AsSpan(LoadSilo.HeapCommand.Length), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> AnswerAsync(CancellationToken cancellation) =>
        await _answers.Reader.WaitToReadAsync(cancellation) && _answers.Reader.TryRead(out var line)
            ? line
            : throw new IOException("a silo ended before it answered; its message is above.");

    // All the time: a program whose log nobody reads stands still when the pipe is full.
    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Ready, StringComparison.Ordinal) || line.StartsWith(LoadSilo.HeapCommand, StringComparison.Ordinal))
                _answers.Writer.TryWrite(line);
            else
                await Console.Error.WriteLineAsync(line); // its log
        }

        _answers.Writer.Complete();
    }
}
