using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>What a model state says about itself.</summary>
/// <param name="Version">Rounds applied.</param>
/// <param name="Next">What the next round asks; null when training is complete.</param>
/// <param name="AdapterSha256">SHA-256 (hex) of θ and head.</param>
/// <param name="ForwardPasses">Forward passes of 8 examples spent.</param>
/// <param name="Report">The last step's report.</param>
public sealed record TrainingOverview(
    long Version, RoundOrder? Next, string AdapterSha256, double ForwardPasses, IReadOnlyDictionary<string, double> Report);
