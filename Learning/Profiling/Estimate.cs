namespace FwdLLM.Learning.Profiling;

/// <summary>A measured figure.</summary>
/// <param name="Value">The figure.</param>
/// <param name="StandardError">Its standard error; NaN where a single sample gives none.</param>
public readonly record struct Estimate(double Value, double StandardError)
{
    /// <summary>Mean of independent samples; its standard error is their deviation over √n.</summary>
    /// <exception cref="ArgumentException">No sample.</exception>
    public static Estimate Mean(IReadOnlyCollection<double> samples)
    {
        if (samples.Count == 0) throw new ArgumentException("There is no sample; a mean needs one.", nameof(samples));
        var mean = samples.Average();
        var squares = samples.Sum(sample => (sample - mean) * (sample - mean));
        return new Estimate(mean, samples.Count < 2 ? double.NaN : Math.Sqrt(squares / (samples.Count - 1) / samples.Count));
    }

    /// <summary>This over an independent, positive figure; the relative errors' squares add up (first order). NaN where the divisor is not positive.</summary>
    public Estimate Over(Estimate divisor)
    {
        if (!(divisor.Value > 0)) return new Estimate(double.NaN, double.NaN);
        var (own, other) = (StandardError / divisor.Value, Value * divisor.StandardError / (divisor.Value * divisor.Value));
        return new Estimate(Value / divisor.Value, Math.Sqrt((own * own) + (other * other)));
    }
}
