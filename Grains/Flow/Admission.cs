using Microsoft.Extensions.DependencyInjection;

namespace FwdLLM.Grains;

/// <summary>
/// Whether this silo can take on more, by what it has measured: device records waiting to be written, writes it completes per second, and
/// the processor. A device that comes while the silo is over capacity gets a window to come back in. Thread-safe.
/// </summary>
/// <remarks>
/// Every device that is sent away books the time one write takes at the measured rate, after those sent away before it. So the herd comes
/// back at the rate the silo can serve, and the windows grow with the overload by themselves.
/// </remarks>
public sealed class Admission(FlowLimits limits, ClusterTimings timings, IProcessorMeter processor, [FromKeyedServices(GrainsServices.Clock)] TimeProvider clock)
{
    /// <summary>Time over which writes are counted.</summary>
    private static readonly TimeSpan Sample = TimeSpan.FromSeconds(1);

    /// <summary>What a busy second that completed fewer writes takes off the measured capacity: a slower disk is learnt in some seconds.</summary>
    private const double Forget = 0.8;

    private readonly Lock _lock = new();
    private long _sampled = clock.GetTimestamp();
    private long _booked = clock.GetTimestamp();
    private int _pending;
    private int _completed;
    private bool _busy;
    private double _capacity;

    /// <summary>Device records on their way to the storage.</summary>
    public int Pending
    {
        get
        {
            lock (_lock) return _pending;
        }
    }

    /// <summary>Most writes per second the storage has lately completed; 0 before the first second.</summary>
    public double Capacity
    {
        get
        {
            lock (_lock) return _capacity;
        }
    }

    /// <summary>Counts a write while it is on its way.</summary>
    public async Task Track(Func<Task> write)
    {
        lock (_lock)
        {
            _pending++;
            _busy |= _pending > limits.FreeWrites;
        }

        try
        {
            await write();
        }
        finally
        {
            lock (_lock)
            {
                _pending--;
                _completed++;
                Measure();
            }
        }
    }

    /// <summary>Null when the silo has room; otherwise when to come back.</summary>
    public RetryWindow? TurnAway()
    {
        lock (_lock)
        {
            Measure();
            var delay = _pending > limits.FreeWrites && _capacity > 0 ? _pending / _capacity : 0;
            var overload = Math.Max(delay / limits.WriteDelay.TotalSeconds, limits.ProcessorShare > 0 ? processor.Share / limits.ProcessorShare : 0);
            return overload <= 1 ? null : Book(delay, overload);
        }
    }

    private RetryWindow Book(double delay, double overload)
    {
        var now = clock.GetTimestamp();
        var ahead = Math.Max(delay, _booked > now ? clock.GetElapsedTime(now, _booked).TotalSeconds : 0);
        var most = limits.LongestWindow.TotalSeconds;
        if (_capacity > 0) ahead += 1 / _capacity;
        ahead = Math.Min(ahead, most / 2);
        _booked = now + (long)(ahead * clock.TimestampFrequency);
        var least = Math.Min(Math.Max(ahead, timings.RetryMin.TotalSeconds * overload), most / 2);
        return new RetryWindow(Seconds(least), Seconds(Math.Max(2 * least, timings.RetryMax.TotalSeconds * overload)));

        TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, most));
    }

    // Only a second in which writes queued up shows what the storage can do; an idle one shows what it was asked.
    private void Measure()
    {
        var now = clock.GetTimestamp();
        var elapsed = clock.GetElapsedTime(_sampled, now);
        if (elapsed < Sample) return;
        var rate = _completed / elapsed.TotalSeconds;
        _capacity = Math.Max(rate, _busy ? _capacity * Forget : _capacity);
        (_sampled, _completed, _busy) = (now, 0, _pending > limits.FreeWrites);
    }
}
