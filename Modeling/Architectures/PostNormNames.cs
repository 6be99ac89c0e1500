namespace FwdLLM.Modeling.Architectures;

/// <summary>Canonical names of the parts of one post-norm block. The insertion names are those AdapterHub gives its adapters' parents.</summary>
internal sealed record PostNormNames(
    string Query,
    string Key,
    string Value,
    string AttentionOutput,
    string AttentionNorm,
    string AttentionInsertion,
    string Intermediate,
    string Output,
    string OutputNorm,
    string OutputInsertion);
