namespace FwdLLM.Modeling.Compaction;

/// <summary>Limits of a compact model.</summary>
/// <param name="VocabularyLimit">Most pieces to keep, special tokens and single characters included.</param>
/// <param name="MaxBytes">Most bytes of the whole folder.</param>
/// <param name="SourceName">Name of the source model in NOTICE; by default the source folder's name.</param>
public sealed record CompactionOptions(int VocabularyLimit = 8000, long MaxBytes = 16_000_000, string? SourceName = null);
