using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Sampling;

namespace FwdLLM.Learning.Training;

/// <summary>What the sums of a probe round say of the gradient.</summary>
internal static class GradientEstimate
{
    /// <summary>
    /// ĝ [D]: the mean of s·v, with a guide put together from the probes along it and the rest (see <see cref="GuidedDirections"/>), and pooled
    /// with the exact gradients where there are any.
    /// </summary>
    public static double[] From(ModelState state, RoundSums sums)
    {
        var exact = sums.ExactWorks(0) + sums.ExactWorks(1);
        if (!sums.HasProbes) return ExactMean(sums, exact, 0, 1);
        var (first, second) = (ProbeMean(state, sums, 0), ProbeMean(state, sums, 1));
        var probes = sums.Probes[0] + sums.Probes[1];
        var total = Math.Max(1, (double)probes);
        var estimate = new double[first.Length];
        for (var i = 0; i < estimate.Length; i++)
            estimate[i] = ((first[i] * sums.Probes[0]) + (second[i] * sums.Probes[1])) / total;
        var scalars = sums.Scalars!.ToDoubles();
        var (guided, guidedProbes) = (scalars[1], scalars[2]);
        if (guidedProbes > 0 && GuidedDirections.Unit(state.LastStep) is { } unit)
            estimate = GuidedDirections.Combine(unit, guided / guidedProbes, estimate);
        return exact == 0 ? estimate : MixedEstimate.Pool(estimate, ExactMean(sums, exact, 0, 1), ExactWeight(sums));
    }

    /// <summary>α of the whole round.</summary>
    public static double ExactWeight(RoundSums sums) =>
        MixedEstimate.ExactWeight(sums.ProbeWorks, sums.Probes[0] + sums.Probes[1], sums.ExactWorks(0) + sums.ExactWorks(1), sums.Dimension);

    /// <summary>V/V₀ of the whole round.</summary>
    public static double NoiseRatio(TrainingContext context, RoundSums sums) =>
        MixedEstimate.NoiseRatio(sums.ProbeWorks, sums.Probes[0] + sums.Probes[1], sums.ExactWorks(0) + sums.ExactWorks(1), sums.Dimension, context.Options.ProbesPerDevice);

    /// <summary>Estimate from one half, without the probes along a guide [D]; zero when the half is empty.</summary>
    public static double[] Half(ModelState state, RoundSums sums, int half)
    {
        var exact = sums.ExactWorks(half);
        if (exact == 0) return sums.HasProbes ? ProbeMean(state, sums, half) : new double[sums.Dimension];
        var mean = ExactMean(sums, exact, half);
        if (sums.Probes[half] == 0) return mean;
        // Halves count probes, not devices; devices of a round have alike numbers of them.
        var devices = sums.ProbeWorks * (double)sums.Probes[half] / (sums.Probes[0] + sums.Probes[1]);
        return MixedEstimate.Pool(ProbeMean(state, sums, half), mean, MixedEstimate.ExactWeight(devices, sums.Probes[half], exact, sums.Dimension));
    }

    private static double[] ProbeMean(ModelState state, RoundSums sums, int half)
    {
        var count = Math.Max(1, sums.Probes[half]);
        if (sums.Directions is not null) return [.. sums.Directions[half].ToDoubles().Select(value => value / count)];
        var unit = FixedPointScalar.Restore(1, state.ScalarExponent) / count;
        return Array.ConvertAll(sums.Signs![half].Sums, value => value * unit);
    }

    private static double[] ExactMean(RoundSums sums, long count, params ReadOnlySpan<int> halves)
    {
        var total = new DenseSum(sums.Dimension);
        foreach (var half in halves) total.Merge(sums.Exact![half]);
        return Array.ConvertAll(total.ToDoubles(), value => value / count);
    }
}
