namespace FwdLLM.Modeling.Tokenization;

/// <summary>What a byte-level BPE tokenizer consists of, as GGUF files list it (tokenizer.ggml.*).</summary>
/// <param name="Source">Where it comes from, for messages.</param>
/// <param name="Tokens">Tokens in the order of their ids, bytes written in GPT-2's printable alphabet.</param>
/// <param name="Merges">Pairs "left right", the first to be merged first.</param>
/// <param name="PreTokenizer">Name of the pattern that cuts words: tokenizer.ggml.pre, such as smollm, llama-bpe or gpt-2.</param>
public sealed record BpeVocabulary(string Source, IReadOnlyList<string> Tokens, IReadOnlyList<string> Merges, string PreTokenizer)
{
    /// <summary>Per token 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; null where all are normal. Kinds 2 to 4 are found as they stand in texts.</summary>
    public IReadOnlyList<int>? TokenTypes { get; init; }

    /// <summary>Special ids.</summary>
    public SpecialTokenIds Special { get; init; } = new();

    /// <summary>Whether every text gets the start token; null leaves it to the pre-tokenizer's custom (yes for llama-bpe).</summary>
    public bool? AddStart { get; init; }

    /// <summary>Whether every text gets the end token.</summary>
    public bool AddEnd { get; init; }
}
