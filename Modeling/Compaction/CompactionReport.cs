namespace FwdLLM.Modeling.Compaction;

/// <summary>What a compaction did.</summary>
/// <param name="SourceSha256">Hash of the source checkpoint.</param>
/// <param name="Pieces">Pieces kept.</param>
/// <param name="SourcePieces">Pieces of the source.</param>
/// <param name="Texts">Texts of the corpus.</param>
/// <param name="Tokens">Tokens of the corpus in the source's vocabulary.</param>
/// <param name="KeptTokens">How many of them are a piece that was kept; the others are now spelled in shorter pieces.</param>
/// <param name="Bytes">Bytes of the whole target folder.</param>
public sealed record CompactionReport(string SourceSha256, int Pieces, int SourcePieces, long Texts, long Tokens, long KeptTokens, long Bytes);
