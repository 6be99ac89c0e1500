namespace FwdLLM.Learning.Estimation;

/// <summary>A scalar as an integer multiple of 2^−exponent: integers add in any order to the same bits, floats do not.</summary>
public static class FixedPointScalar
{
    /// <summary>Largest magnitude of a quantised scalar, 2²⁰; larger ones are clamped to it. Choose the exponent so that none are.</summary>
    public const int Limit = 1 << 20;

    private const int LargestExponent = 200;

    /// <summary>round(s·2^exponent), ties to even, clamped to ±<see cref="Limit"/>.</summary>
    /// <param name="s">A finite scalar.</param>
    /// <param name="exponent">Fraction bits, from −200 to 200.</param>
    /// <exception cref="ArgumentException"><paramref name="s"/> is not finite.</exception>
    public static int Quantise(float s, int exponent)
    {
        if (!float.IsFinite(s)) throw new ArgumentException($"A scalar is {s}; only finite scalars can be summed.", nameof(s));
        CheckExponent(exponent);
        return (int)Math.Clamp(Math.Round(Math.ScaleB(s, exponent)), -Limit, Limit);
    }

    /// <summary>sum·2^−exponent.</summary>
    public static double Restore(long sum, int exponent)
    {
        CheckExponent(exponent);
        return Math.ScaleB((double)sum, -exponent);
    }

    private static void CheckExponent(int exponent)
    {
        if (exponent is < -LargestExponent or > LargestExponent)
            throw new ArgumentOutOfRangeException(nameof(exponent), exponent, $"Fraction bits must be from {-LargestExponent} to {LargestExponent}.");
    }
}
