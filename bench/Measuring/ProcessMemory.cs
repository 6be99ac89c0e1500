using System.Globalization;

namespace FwdLLM.Bench.Measuring;

/// <summary>Memory of this process as Linux counts it.</summary>
internal sealed class ProcessMemory : IDisposable
{
    private const string Status = "/proc/self/status";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly Timer _timer;
    private long _peakAnonymous;

    private ProcessMemory() => _timer = new Timer(_ => Sample(), null, TimeSpan.Zero, Interval);

    /// <summary>Whether the system tells.</summary>
    public static bool IsKnown => File.Exists(Status);

    /// <summary>Most bytes that were ever resident, file pages included.</summary>
    public static long PeakResident => Read("VmHWM");

    /// <summary>Most bytes resident at any sample, one every 50 ms, that are no pages of a file: what the system cannot drop.</summary>
    public long PeakAnonymous
    {
        get
        {
            Sample();
            return Interlocked.Read(ref _peakAnonymous);
        }
    }

    /// <summary>Starts to sample. Linux keeps no peak of anonymous memory by itself.</summary>
    public static ProcessMemory Watch() => new();

    public void Dispose() => _timer.Dispose();

    private void Sample()
    {
        var now = Read("RssAnon");
        for (var known = Interlocked.Read(ref _peakAnonymous); now > known; known = Interlocked.Read(ref _peakAnonymous))
            if (Interlocked.CompareExchange(ref _peakAnonymous, now, known) == known)
                return;
    }

    private static long Read(string field)
    {
        var line = File.ReadLines(Status).First(text => text.StartsWith(field + ":", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
