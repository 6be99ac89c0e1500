using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Sampling;

/// <summary>
/// The unbiased successor of discriminative sampling. Let u be a unit vector, for example along the last step, and P = I − uuᵀ. One probe of a
/// device measures along √d·u, so s₀ = √d·⟨g, u⟩; the other K − 1 measure along P vₖ with random vₖ, so sₖ = ⟨g, P vₖ⟩. The estimate is
/// <code>ĝ = (s₀/√d)·u + (1/(K − 1)) Σₖ sₖ·P vₖ.</code>
/// Proof that E[ĝ] = g: the first term is uuᵀg, without any noise. For the others, E[P v vᵀPᵀ g] = P E[vvᵀ] Pg = P I P g = Pg, since coordinates
/// of v are independent with mean 0 and variance 1 and P is a symmetric projection. uuᵀg + Pg = g. ∎
/// <para>
/// Because P is linear, Σ sₖ P vₖ = P(Σ sₖ vₖ): the server sums plain ±1 directions and projects once. The probe noise of the random part is
/// about d·‖Pg‖²/(K − 1), so what lies along u costs one probe instead of its share of all of them. The factor √d gives the guided direction the
/// length of the others, which keeps finite differences and fixed-point scalars in one range.
/// </para>
/// </summary>
public static class GuidedDirections
{
    /// <summary>Whether a probe of a device measures along u: its first.</summary>
    public static bool IsGuided(uint probe) => probe == 0;

    /// <summary>Normalises a step.</summary>
    /// <param name="step">Any vector [d].</param>
    /// <returns>u = step/‖step‖; null when the step is zero or not finite, and nothing can be guided.</returns>
    public static float[]? Unit(ReadOnlySpan<float> step)
    {
        var square = 0.0;
        foreach (var value in step) square += (double)value * value;
        if (!(square > 0) || !double.IsFinite(square)) return null;
        var scale = 1 / Math.Sqrt(square);
        var unit = new float[step.Length];
        for (var i = 0; i < unit.Length; i++) unit[i] = (float)(step[i] * scale);
        return unit;
    }

    /// <summary>Writes the direction that a device measures along: √d·u for the guided probe, P v for the others.</summary>
    /// <param name="key">Key of the job's directions.</param>
    /// <param name="address">Which direction.</param>
    /// <param name="unit">u [d].</param>
    /// <param name="destination">[d].</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Fill(in StreamKey key, DirectionAddress address, ReadOnlySpan<float> unit, Span<float> destination)
    {
        if (unit.Length != destination.Length) throw new ArgumentException($"A guide of {unit.Length} values for a direction of {destination.Length}.", nameof(unit));
        if (IsGuided(address.Probe))
        {
            var root = Math.Sqrt(destination.Length);
            for (var i = 0; i < destination.Length; i++) destination[i] = (float)(root * unit[i]);
            return;
        }

        RademacherStream.Fill(key, address, destination);
        var along = 0.0;
        for (var i = 0; i < unit.Length; i++) along += (double)unit[i] * destination[i];
        for (var i = 0; i < unit.Length; i++) destination[i] = (float)(destination[i] - along * unit[i]);
    }

    /// <summary>Puts the estimate together: (meanGuided/√d)·u + P·meanRandom.</summary>
    /// <param name="unit">u [d].</param>
    /// <param name="meanGuided">Mean of s₀ over the devices; 0 when none was measured.</param>
    /// <param name="meanRandom">Mean of sₖvₖ over the random probes, with the plain vₖ [d].</param>
    /// <returns>ĝ [d].</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double[] Combine(ReadOnlySpan<float> unit, double meanGuided, ReadOnlySpan<double> meanRandom)
    {
        if (unit.Length != meanRandom.Length) throw new ArgumentException($"A guide of {unit.Length} values for an estimate of {meanRandom.Length}.", nameof(meanRandom));
        var along = 0.0;
        for (var i = 0; i < unit.Length; i++) along += unit[i] * meanRandom[i];
        var coefficient = meanGuided / Math.Sqrt(unit.Length) - along;
        var estimate = new double[unit.Length];
        for (var i = 0; i < estimate.Length; i++) estimate[i] = meanRandom[i] + coefficient * unit[i];
        return estimate;
    }
}
