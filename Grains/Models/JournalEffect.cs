namespace FwdLLM.Grains;

/// <summary>What an entry did to the model; lets a check say at which entry a chain breaks. All are SHA-256 in lower-case hex.</summary>
/// <param name="Previous">The chain before it.</param>
/// <param name="Hash">The chain after it.</param>
/// <param name="AdapterSha256">θ and head after its step.</param>
public sealed record JournalEffect(string Previous, string Hash, string AdapterSha256);
