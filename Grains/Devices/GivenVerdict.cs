using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>A verdict on a stored contribution.</summary>
/// <param name="Round">Round.</param>
/// <param name="Wave">Wave.</param>
/// <param name="Verdict">Accepted or late.</param>
[GenerateSerializer, Immutable, Alias("fl.givenverdict.v1")]
public sealed record GivenVerdict([property: Id(0)] uint Round, [property: Id(1)] uint Wave, [property: Id(2)] Verdict Verdict);
