using System.Globalization;

namespace FwdLLM.Modeling.Architectures;

/// <summary>Rotary position embedding (arXiv 2104.09864), plain or with the frequency scaling of Llama 3.</summary>
/// <param name="Theta">Base of the frequencies: pair i turns by position/θ^(2i/head size).</param>
/// <param name="Scaling">How low frequencies are stretched, or null for plain rotation.</param>
public sealed record RotaryConfig(double Theta, RotaryScaling? Scaling = null)
{
    internal string Canonical => string.Create(CultureInfo.InvariantCulture, $"{Theta:R} {(Scaling is { } s ? FormattableString.Invariant($"{s.Factor:R} {s.LowFrequencyFactor:R} {s.HighFrequencyFactor:R} {s.OriginalMaxPositions}") : "plain")}");
}
