namespace FwdLLM.Grains;

/// <summary>One device's calls that bring it nothing new: how many it may make, and when a flood is worth a line in the log. Not thread-safe.</summary>
internal sealed class CallRate(FlowLimits limits, TimeProvider clock)
{
    private readonly TokenBucket _bucket = new(limits.CallBurst, limits.CallsPerSecond, clock);
    private long? _reported;
    private int _refused;

    /// <summary>Whether the device may make this call. A call that counts more than the burst holds could never be made.</summary>
    public bool Allows(double cost)
    {
        if (_bucket.TryTake(Math.Min(cost, limits.CallBurst))) return true;
        _refused++;
        return false;
    }

    /// <summary>When a device that was not allowed should come back: when a call is free again, at the earliest.</summary>
    public RetryWindow Window(double cost)
    {
        var wait = _bucket.Until(Math.Min(cost, limits.CallBurst));
        return new RetryWindow(wait, 2 * wait);
    }

    /// <summary>Calls beyond the rate since the last report, at most once in <see cref="FlowLimits.FloodReportEvery"/>; otherwise null.</summary>
    public int? TakeReport()
    {
        if (_refused == 0 || (_reported is { } last && clock.GetElapsedTime(last) < limits.FloodReportEvery)) return null;
        var calls = _refused;
        (_refused, _reported) = (0, clock.GetTimestamp());
        return calls;
    }
}
