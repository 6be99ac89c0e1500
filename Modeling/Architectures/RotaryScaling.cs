namespace FwdLLM.Modeling.Architectures;

/// <summary>Llama 3's frequency scaling: waves longer than the original context over <paramref name="LowFrequencyFactor"/> are stretched, those shorter than it over <paramref name="HighFrequencyFactor"/> are kept, those between blended.</summary>
/// <param name="Factor">Stretch of the long waves.</param>
/// <param name="LowFrequencyFactor">Where stretching is full.</param>
/// <param name="HighFrequencyFactor">Where stretching ends.</param>
/// <param name="OriginalMaxPositions">Context length before scaling, in tokens.</param>
public sealed record RotaryScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions);
