using FwdLLM.Learning.Sampling;

namespace FwdLLM.Learning.Training;

/// <summary>The pooled estimate of a round.</summary>
internal static class GradientEstimate
{
    /// <summary>ĝ = mean of s·v [D]; with a guide, put together from the probes along it and the rest (see <see cref="GuidedDirections"/>).</summary>
    public static double[] From(ModelState state, RoundSums sums, double[] first, double[] second)
    {
        var total = Math.Max(1, (double)(sums.Probes[0] + sums.Probes[1]));
        var estimate = new double[first.Length];
        for (var i = 0; i < estimate.Length; i++)
            estimate[i] = ((first[i] * sums.Probes[0]) + (second[i] * sums.Probes[1])) / total;
        var scalars = sums.Scalars!.ToDoubles();
        var (guided, guidedProbes) = (scalars[1], scalars[2]);
        return guidedProbes > 0 && GuidedDirections.Unit(state.LastStep) is { } unit
            ? GuidedDirections.Combine(unit, guided / guidedProbes, estimate)
            : estimate;
    }
}
