namespace FwdLLM.Learning.Estimation;

/// <summary>
/// Pools the estimate from probes with the mean of exact batch gradients, each in inverse proportion to its variance.
/// <para>
/// Let gₘ be the gradient of device m's batch, E[gₘ] = g and E‖gₘ‖² = Q, batches independent. A device with K probes of ±1 estimates gₘ by
/// ĝₘ = (1/K) Σ vₖ⟨gₘ, vₖ⟩, for which E‖ĝₘ‖² = Q(1 + (D − 1)/K). With M such devices and P = MK probes, E‖p − g‖² = Q(1/M + (D − 1)/P) − ‖g‖²/M
/// for their mean p, and E‖e − g‖² = (Q − ‖g‖²)/E for the mean e of E exact gradients. Where batches are noisy, ‖g‖² ≪ Q, what remains is
/// <code>V_p = Q(1/M + (D − 1)/P),  V_e = Q/E,  ĝ = (1 − α)p + αe  with  α = V_p/(V_p + V_e),</code>
/// in which Q cancels: α follows from counts alone, never from values, so E[ĝ] = g for every α that may come out.
/// </para>
/// </summary>
public static class MixedEstimate
{
    /// <summary>α, the weight of the exact mean: 0 without exact gradients, 1 without probes.</summary>
    /// <param name="probeDevices">M, contributions with probes; the share of a group where only a part of its probes is looked at.</param>
    /// <param name="probes">P.</param>
    /// <param name="exact">E, exact gradients.</param>
    /// <param name="dimension">D.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative or not finite, D is not positive, or there are probes of no device.</exception>
    public static double ExactWeight(double probeDevices, long probes, long exact, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probes);
        ArgumentOutOfRangeException.ThrowIfNegative(exact);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        if (exact == 0) return 0;
        if (probes == 0) return 1;
        if (!(probeDevices > 0 && double.IsFinite(probeDevices)))
            throw new ArgumentOutOfRangeException(nameof(probeDevices), probeDevices, $"{probes} probes come from at least one device.");
        var variance = ProbeVariance(probeDevices, probes, dimension);
        return variance / (variance + (1.0 / exact));
    }

    /// <summary>
    /// V/V₀: the variance of the pooled estimate, V = V_pV_e/(V_p + V_e), over the one it would have had with probes from the exact devices as well,
    /// V₀ = Q(1/(M + E) + (D − 1)/(P + EK)). Q cancels. 1 without exact gradients.
    /// <para>
    /// Where batches are noisy E‖ĝ‖² is V, so a step of prescribed length ρ is one of ρ/√V per unit of gradient. √(V/V₀)·ρ keeps that at ρ/√V₀: an
    /// estimate with less noise moves as far along the gradient as a noisy one, and less far beside it.
    /// </para>
    /// </summary>
    /// <param name="probeDevices">M, contributions with probes.</param>
    /// <param name="probes">P.</param>
    /// <param name="exact">E, exact gradients.</param>
    /// <param name="dimension">D.</param>
    /// <param name="probesPerDevice">K, the probes that a device would have been asked for.</param>
    /// <exception cref="ArgumentOutOfRangeException">As for <see cref="ExactWeight"/>, or K is not positive.</exception>
    public static double NoiseRatio(double probeDevices, long probes, long exact, int dimension, int probesPerDevice)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(probesPerDevice);
        var weight = ExactWeight(probeDevices, probes, exact, dimension);
        if (weight == 0) return 1;
        // V_pV_e/(V_p + V_e) = αV_e.
        var pooled = weight / exact;
        return Math.Min(1, pooled / ProbeVariance((probes == 0 ? 0 : probeDevices) + exact, probes + (exact * (long)probesPerDevice), dimension));
    }

    // V_p/Q.
    private static double ProbeVariance(double devices, long probes, int dimension) => (1 / devices) + ((dimension - 1.0) / probes);

    /// <summary>(1 − α)p + αe [D].</summary>
    /// <param name="probed">p, the mean from probes [D].</param>
    /// <param name="exact">e, the mean of exact gradients [D].</param>
    /// <param name="weight">α, from 0 to 1.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double[] Pool(ReadOnlySpan<double> probed, ReadOnlySpan<double> exact, double weight)
    {
        if (probed.Length != exact.Length) throw new ArgumentException($"Estimates of {probed.Length} and {exact.Length} coordinates cannot be pooled.", nameof(exact));
        var pooled = new double[probed.Length];
        for (var i = 0; i < pooled.Length; i++) pooled[i] = ((1 - weight) * probed[i]) + (weight * exact[i]);
        return pooled;
    }
}
