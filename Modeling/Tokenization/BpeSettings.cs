using System.Text.RegularExpressions;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>How a byte-level BPE tokenizer treats text round its merges.</summary>
/// <param name="Words">Patterns that cut words, each applied to the words of the one before.</param>
/// <param name="PrefixSpace">Put a space before a text that starts without one.</param>
/// <param name="TrimOffsets">A token's place leaves out the spaces at its ends.</param>
/// <param name="TrimKeepsFirst">But not a single one at the start of a text.</param>
/// <param name="WholeWordsFirst">A word that is a token is taken whole, whatever the merges say.</param>
/// <param name="UnknownId">Stands for bytes without a token; null drops them.</param>
/// <param name="FuseUnknown">One unknown token for several unknown bytes in a row.</param>
internal sealed record BpeSettings(
    Regex[] Words, bool PrefixSpace = false, bool TrimOffsets = false, bool TrimKeepsFirst = false,
    bool WholeWordsFirst = false, int? UnknownId = null, bool FuseUnknown = false);
