using System.Globalization;

namespace FwdLLM.Modeling.Architectures;

/// <summary>Rotary position embedding (arXiv 2104.09864), plain or with slowed frequencies.</summary>
/// <param name="Theta">Base of the frequencies: pair i turns by position/θ^(2i/head size).</param>
/// <param name="Divisors">[head size/2]: what each frequency is divided by to reach beyond the context of training; null for plain rotation.</param>
public sealed record RotaryConfig(double Theta, IReadOnlyList<double>? Divisors = null)
{
    internal string Canonical => string.Create(CultureInfo.InvariantCulture, $"{Theta:R} {(Divisors is null ? "plain" : string.Join(' ', Divisors.Select(divisor => divisor.ToString("R", CultureInfo.InvariantCulture))))}");

    /// <summary>Angle per position of each pair, [head size/2].</summary>
    internal double[] Frequencies(int headSize) =>
        [.. Enumerable.Range(0, headSize / 2).Select(pair => Math.Pow(Theta, -2.0 * pair / headSize) / (Divisors?[pair] ?? 1))];

    /// <summary>
    /// Llama 3's scaling: waves longer than the original context over <paramref name="lowFrequencyFactor"/> are stretched
    /// by <paramref name="factor"/>, those shorter than it over <paramref name="highFrequencyFactor"/> are kept, those between are blended.
    /// </summary>
    internal static RotaryConfig Llama3(double theta, int headSize, double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions) =>
        new(theta, [.. new RotaryConfig(theta).Frequencies(headSize).Select(frequency =>
        {
            var turns = originalPositions * frequency / (2 * Math.PI);
            var kept = Math.Clamp((turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor), 0, 1);
            return 1 / ((1 - kept) / factor + kept);
        })]);

    /// <summary>All waves stretched alike, as if positions were divided by <paramref name="factor"/>.</summary>
    internal static RotaryConfig Linear(double theta, int headSize, double factor) => new(theta, [.. Enumerable.Repeat(factor, headSize / 2)]);
}
