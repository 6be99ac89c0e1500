namespace FwdLLM.DeviceAgent;

/// <summary>What the devices of a process are doing and have done. Thread-safe; written by sessions, read by views.</summary>
public sealed class FleetStatistics
{
    private int _sessions;
    private int _queued;
    private int _computing;
    private long _accepted;
    private long _late;
    private long _refused;
    private long _abandoned;
    private long _callFailures;
    private string? _lastRefusal;
    private string? _lastFailure;

    /// <summary>Devices taking part.</summary>
    public int Sessions => Volatile.Read(ref _sessions);

    /// <summary>Devices computing now.</summary>
    public int Computing => Volatile.Read(ref _computing);

    /// <summary>Devices with work that wait for a processor.</summary>
    public int Queued => Volatile.Read(ref _queued);

    /// <summary>Devices that wait for work, or for the cluster.</summary>
    public int Waiting => Math.Max(0, Sessions - Computing - Queued);

    /// <summary>Contributions accepted in time.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Contributions that came after their wave had closed.</summary>
    public long Late => Interlocked.Read(ref _late);

    /// <summary>Contributions and enrolments refused.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Assignments given up because their model version was no longer to be had.</summary>
    public long Abandoned => Interlocked.Read(ref _abandoned);

    /// <summary>Calls that failed with all their retries.</summary>
    public long CallFailures => Interlocked.Read(ref _callFailures);

    /// <summary>Reason of the last refusal, with the device's id.</summary>
    public string? LastRefusal => Volatile.Read(ref _lastRefusal);

    /// <summary>Last failed call, with the device's id.</summary>
    public string? LastFailure => Volatile.Read(ref _lastFailure);

    /// <summary>Told of every refusal and of every call that failed with all its retries, in words; from any thread.</summary>
    public Action<string>? Trouble { get; set; }

    internal void SessionStarted() => Interlocked.Increment(ref _sessions);

    internal void SessionEnded() => Interlocked.Decrement(ref _sessions);

    internal void WorkQueued() => Interlocked.Increment(ref _queued);

    internal void WorkUnqueued() => Interlocked.Decrement(ref _queued);

    internal void WorkStarted() => Interlocked.Increment(ref _computing);

    internal void WorkStopped() => Interlocked.Decrement(ref _computing);

    internal void WasAccepted() => Interlocked.Increment(ref _accepted);

    internal void WasLate() => Interlocked.Increment(ref _late);

    internal void WasRefused(string deviceId, string reason)
    {
        Interlocked.Increment(ref _refused);
        Volatile.Write(ref _lastRefusal, $"{deviceId}: {reason}");
        Trouble?.Invoke($"{deviceId}: refused: {reason}");
    }

    internal void WasAbandoned() => Interlocked.Increment(ref _abandoned);

    internal void CallFailed(string deviceId, Exception failure)
    {
        Interlocked.Increment(ref _callFailures);
        Volatile.Write(ref _lastFailure, $"{deviceId}: {failure.Message}");
        Trouble?.Invoke($"{deviceId}: no answer from the cluster, trying again: {failure.Message}");
    }
}
