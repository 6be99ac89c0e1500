namespace FwdLLM.Grains;

/// <summary>A version from which the journal can be replayed when the entries before it are gone.</summary>
/// <param name="Version">Version.</param>
/// <param name="Hash">The journal's chain up to it (hex).</param>
/// <param name="Model">Bytes of <c>FwdLLM.Learning.Training.ModelState</c>.</param>
[GenerateSerializer, Immutable, Alias("fl.checkpoint.v1")]
public sealed record Checkpoint([property: Id(0)] long Version, [property: Id(1)] string Hash, [property: Id(2)] byte[] Model);
