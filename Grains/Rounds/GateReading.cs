namespace FwdLLM.Grains;

/// <summary>The gate's decision between grains.</summary>
/// <param name="Pass">The round may close.</param>
/// <param name="Reading">The reading.</param>
/// <param name="Threshold">What it is held against.</param>
[GenerateSerializer, Immutable, Alias("fl.gatereading.v1")]
public sealed record GateReading([property: Id(0)] bool Pass, [property: Id(1)] double Reading, [property: Id(2)] double Threshold);
