namespace FwdLLM.Learning.Gates;

/// <summary>
/// How good is a pooled estimate, judged from its two independent halves alone, without units.
/// <para>
/// Let a = g + e₁ and b = g + e₂ be the means of the halves: same gradient g, independent errors of mean zero with E‖e‖² = σ². In many
/// dimensions ⟨a, b⟩ → ‖g‖² and ‖a‖² → ‖g‖² + σ², so the agreement is c = ‖g‖²/(‖g‖² + σ²). The pooled estimate p = (a + b)/2 has error
/// σ²/2, so cos²(p, g) = ‖g‖²/(‖g‖² + σ²/2). With σ² = ‖g‖²(1 − c)/c this is 2c/(1 + c): the Spearman–Brown formula for a test of double length.
/// </para>
/// </summary>
public static class SplitHalfGate
{
    /// <summary>c = ⟨a, b⟩/(‖a‖‖b‖).</summary>
    /// <param name="first">Mean of the first half [d].</param>
    /// <param name="second">Mean of the second half [d].</param>
    /// <returns>From −1 to 1; 0 when a half is zero.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Agreement(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (first.Length != second.Length) throw new ArgumentException($"Halves of {first.Length} and {second.Length} coordinates cannot be compared.", nameof(second));
        double dot = 0, squareFirst = 0, squareSecond = 0;
        for (var i = 0; i < first.Length; i++)
        {
            dot += first[i] * second[i];
            squareFirst += first[i] * first[i];
            squareSecond += second[i] * second[i];
        }

        var norms = Math.Sqrt(squareFirst) * Math.Sqrt(squareSecond);
        return norms > 0 ? Math.Clamp(dot / norms, -1, 1) : 0;
    }

    /// <summary>Estimated cosine of the pooled estimate with the gradient: √max(0, 2c/(1 + c)).</summary>
    /// <param name="agreement">c, from −1 to 1.</param>
    public static double PooledCosine(double agreement) => agreement > 0 ? Math.Sqrt(2 * agreement / (1 + agreement)) : 0;
}
