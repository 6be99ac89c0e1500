namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// Text to token ids and back, whatever the model behind it (WordPiece, byte-level BPE, unigram); <see cref="Tokenizers"/> loads them.
/// Immutable and thread-safe. Lone surrogates and other odd text never fail: they count as the replacement character.
/// </summary>
public interface ITokenizer
{
    /// <summary>One more than the highest id that a text can become: the rows an embedding must at least have.</summary>
    int VocabularySize { get; }

    /// <summary>Ids of the tokens with a meaning of their own.</summary>
    SpecialTokenIds Special { get; }

    /// <summary>What to fill up shorter sequences of a batch with: the padding token, or without one the end token, or else 0.</summary>
    int PadId { get; }

    /// <summary>Ids of a text with the model's special tokens round it; cut on the right to <paramref name="maxTokens"/> in all.</summary>
    /// <param name="text">Any text; empty gives the special tokens only.</param>
    /// <param name="maxTokens">At least the number of added special tokens.</param>
    int[] Encode(string text, int maxTokens);

    /// <summary>Like <see cref="Encode"/>, with the place of every token.</summary>
    EncodedText EncodeWithOffsets(string text, int maxTokens);

    /// <summary>Ids and segment ids of two texts as one sequence; where too long, the longer text is cut until both are equally long.</summary>
    /// <param name="first">Any text.</param>
    /// <param name="second">Any text.</param>
    /// <param name="maxTokens">At least the number of added special tokens of a pair.</param>
    (int[] Ids, int[] Types) EncodePair(string first, string second, int maxTokens);

    /// <summary>
    /// A question with a context too long for one sequence: windows over the context, each overlapping the one before by
    /// <paramref name="stride"/> tokens, each with the whole question. There is always at least one.
    /// </summary>
    /// <exception cref="ArgumentException">The question leaves no room for more than <paramref name="stride"/> tokens of context.</exception>
    IReadOnlyList<EncodedPair> EncodeWindows(string question, string context, int maxTokens, int stride);

    /// <summary>The text that ids stand for; what normalisation took away does not come back.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecial">Leave special tokens out.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is not one of the vocabulary.</exception>
    string Decode(IEnumerable<int> ids, bool skipSpecial);
}
