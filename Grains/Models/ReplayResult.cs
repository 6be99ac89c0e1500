namespace FwdLLM.Grains;

/// <summary>What a journal came to when every step was taken again.</summary>
/// <param name="First">Version it started from: 0, or a checkpoint's.</param>
/// <param name="Rounds">Version it ended at.</param>
/// <param name="Contributions">Contributions in the entries that were replayed.</param>
/// <param name="AdapterSha256">SHA-256 of θ and head as rebuilt.</param>
/// <param name="JournalHash">The chain as rebuilt.</param>
/// <param name="JournalBytes">Bytes of the entries and their parts as stored.</param>
public sealed record ReplayResult(long First, long Rounds, long Contributions, string AdapterSha256, string JournalHash, long JournalBytes);
