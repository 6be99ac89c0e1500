namespace FwdLLM.Learning.Optimisers;

/// <summary>A step of prescribed length against the running mean of the estimates: independent of the gradient's scale.</summary>
public static class NormalisedStep
{
    /// <summary>m ← β·m + (1 − β)·ĝ, Δ = −ρ·m/‖m‖; zero when m is zero. No bias correction: it would cancel in the quotient.</summary>
    /// <param name="momentum">m before the step [d]; empty before the first.</param>
    /// <param name="estimate">ĝ [d].</param>
    /// <param name="length">ρ, at least 0.</param>
    /// <param name="beta">β in [0, 1).</param>
    /// <returns>What to add to the parameters [d], and m after the step.</returns>
    /// <exception cref="ArgumentException">The momentum has another length than the estimate.</exception>
    public static (double[] Delta, double[] Momentum) Step(ReadOnlySpan<double> momentum, ReadOnlySpan<double> estimate, double length, double beta = 0)
    {
        if (!momentum.IsEmpty && momentum.Length != estimate.Length)
            throw new ArgumentException($"A momentum of {momentum.Length} values for an estimate of {estimate.Length}.", nameof(momentum));
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var mean = new double[estimate.Length];
        var delta = new double[estimate.Length];
        for (var i = 0; i < mean.Length; i++)
            mean[i] = (1 - beta) * estimate[i] + (momentum.IsEmpty ? 0 : beta * momentum[i]);
        var norm = Norm(mean);
        if (norm > 0)
            for (var i = 0; i < mean.Length; i++) delta[i] = -length * (mean[i] / norm);
        return (delta, mean);
    }

    /// <summary>Length of a step that changes parameters by a fixed ratio of their norm: ratio·max(‖θ‖, least).</summary>
    /// <param name="parameters">θ [d].</param>
    /// <param name="ratio">ρ/‖θ‖ wanted.</param>
    /// <param name="leastNorm">Stands in for ‖θ‖ while that is smaller, so that parameters that start at zero can move.</param>
    public static double TrustRatioLength(ReadOnlySpan<float> parameters, double ratio, double leastNorm)
    {
        var square = 0.0;
        foreach (var value in parameters) square += (double)value * value;
        return ratio * Math.Max(Math.Sqrt(square), leastNorm);
    }

    /// <summary>‖x‖, scaled so that it neither overflows nor vanishes.</summary>
    private static double Norm(ReadOnlySpan<double> values)
    {
        var largest = 0.0;
        foreach (var value in values) largest = Math.Max(largest, Math.Abs(value));
        if (largest == 0) return 0;
        var square = 0.0;
        foreach (var value in values) square += value / largest * (value / largest);
        return largest * Math.Sqrt(square);
    }
}
