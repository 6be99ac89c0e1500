namespace FwdLLM.Learning.Training;

/// <summary>Scales of the adapter's blocks from their curvature: one global step then suits all of them.</summary>
public static class BlockScales
{
    // A block whose measured trace is under this fraction of the mean is scaled as if it were at it: a tiny trace is mostly noise.
    private const double LeastRelativeTrace = 0.02;

    /// <summary>1/√(tr G_b) of each block, at least a fiftieth of the mean trace assumed, and the mean where a trace is not known.</summary>
    /// <param name="traces">tr G_b [blocks]; NaN where none was measured.</param>
    public static float[] FromTraces(IReadOnlyList<double> traces)
    {
        var mean = traces.Where(trace => trace > 0).DefaultIfEmpty(1).Average();
        return [.. traces.Select(trace => (float)(1 / Math.Sqrt(double.IsNaN(trace) ? mean : Math.Max(trace, LeastRelativeTrace * mean))))];
    }
}
