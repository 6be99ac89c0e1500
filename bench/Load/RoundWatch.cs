using System.Diagnostics;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Load;

/// <summary>One round as its devices saw it. Thread-safe.</summary>
internal sealed class RoundWatch(int devices)
{
    private readonly TaskCompletionSource _allReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _firstAssigned, _lastAssigned, _firstSent = long.MaxValue, _lastAcknowledged;
    private int _ready, _accepted, _other;

    /// <summary>Completes when every device has its contribution ready.</summary>
    public Task AllReady => _allReady.Task;

    /// <summary>Latencies of accepted contributions.</summary>
    public LatencyList Accepts { get; } = new();

    /// <summary>Contributions accepted.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Contributions late or refused.</summary>
    public int Other => Volatile.Read(ref _other);

    /// <summary>From the first to the last device that got its work.</summary>
    public TimeSpan Assigning => Stopwatch.GetElapsedTime(_firstAssigned, _lastAssigned);

    /// <summary>From the first contribution sent to the last acknowledged.</summary>
    public TimeSpan Accepting => Stopwatch.GetElapsedTime(_firstSent, _lastAcknowledged);

    /// <summary>From the last acknowledgement to <paramref name="closed"/>.</summary>
    public TimeSpan Closing(long closed) => Stopwatch.GetElapsedTime(_lastAcknowledged, closed);

    public void WasAssigned()
    {
        var now = Stopwatch.GetTimestamp();
        Interlocked.CompareExchange(ref _firstAssigned, now, 0);
        Latest(ref _lastAssigned, now);
    }

    public void WasReady()
    {
        if (Interlocked.Increment(ref _ready) == devices)
            _allReady.TrySetResult();
    }

    public void WasAcknowledged(long sent, Receipt receipt)
    {
        var now = Stopwatch.GetTimestamp();
        if (receipt.Verdict == Verdict.Accepted)
        {
            Accepts.Add(Stopwatch.GetElapsedTime(sent, now));
            Interlocked.Increment(ref _accepted);
        }
        else
        {
            Interlocked.Increment(ref _other);
        }

        for (var known = Interlocked.Read(ref _firstSent); sent < known; known = Interlocked.Read(ref _firstSent))
            if (Interlocked.CompareExchange(ref _firstSent, sent, known) == known)
                break;
        Latest(ref _lastAcknowledged, now);
    }

    private static void Latest(ref long field, long now)
    {
        for (var known = Interlocked.Read(ref field); now > known; known = Interlocked.Read(ref field))
            if (Interlocked.CompareExchange(ref field, now, known) == known)
                return;
    }
}
