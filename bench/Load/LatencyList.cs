namespace FwdLLM.Bench.Load;

/// <summary>Latencies of calls, in milliseconds. Thread-safe.</summary>
internal sealed class LatencyList
{
    private readonly Lock _lock = new();
    private readonly List<double> _milliseconds = [];

    public int Count
    {
        get
        {
            lock (_lock)
                return _milliseconds.Count;
        }
    }

    public void Add(TimeSpan elapsed)
    {
        lock (_lock)
            _milliseconds.Add(elapsed.TotalMilliseconds);
    }

    /// <summary>The value that a fraction of the calls stay below; NaN without calls.</summary>
    public double Quantile(double fraction)
    {
        lock (_lock)
        {
            if (_milliseconds.Count == 0)
                return double.NaN;
            _milliseconds.Sort();
            return _milliseconds[Math.Min(_milliseconds.Count - 1, (int)(fraction * _milliseconds.Count))];
        }
    }
}
