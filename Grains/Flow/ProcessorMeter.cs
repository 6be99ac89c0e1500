namespace FwdLLM.Grains;

/// <summary>The share from the process's own processor time, looked at once a second. Thread-safe.</summary>
public sealed class ProcessorMeter : IProcessorMeter
{
    private const double SampleSeconds = 1;

    private readonly Lock _lock = new();
    private long _sampled = TimeProvider.System.GetTimestamp();
    private TimeSpan _used = Environment.CpuUsage.TotalTime;
    private double _share;

    public double Share
    {
        get
        {
            lock (_lock)
            {
                var elapsed = TimeProvider.System.GetElapsedTime(_sampled).TotalSeconds;
                if (elapsed < SampleSeconds) return _share;
                var used = Environment.CpuUsage.TotalTime;
                _share = Math.Clamp((used - _used).TotalSeconds / (elapsed * Environment.ProcessorCount), 0, 1);
                (_sampled, _used) = (TimeProvider.System.GetTimestamp(), used);
                return _share;
            }
        }
    }
}
