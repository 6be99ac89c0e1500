namespace FwdLLM.Modeling.Tokenization;

/// <summary>What every tokenizer here has in common: framing, cutting, pairs and windows. Models only turn plain text into tokens and back.</summary>
public abstract class FramedTokenizer : ITokenizer
{
    private readonly SequenceFrame _frame;

    private protected FramedTokenizer(SequenceFrame frame, SpecialTokenIds special, int vocabularySize)
    {
        _frame = frame;
        Special = special;
        VocabularySize = vocabularySize;
    }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public SpecialTokenIds Special { get; }

    /// <inheritdoc/>
    public int PadId => Special.Pad ?? Special.End ?? 0;

    /// <inheritdoc/>
    public int[] Encode(string text, int maxTokens) => EncodeWithOffsets(text, maxTokens).Ids;

    /// <inheritdoc/>
    public EncodedText EncodeWithOffsets(string text, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, _frame.AddedToOne);
        return _frame.Enclose(Tokenize(text, maxTokens - _frame.AddedToOne));
    }

    /// <inheritdoc/>
    public (int[] Ids, int[] Types) EncodePair(string first, string second, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, _frame.AddedToPair);
        var a = Tokenize(first, int.MaxValue);
        var b = Tokenize(second, int.MaxValue);
        var (keepFirst, keepSecond) = LongestFirst(a.Ids.Count, b.Ids.Count, maxTokens - _frame.AddedToPair);
        var pair = _frame.Enclose(a.Truncate(keepFirst), b.Truncate(keepSecond));
        return (pair.Ids, pair.TypeIds);
    }

    /// <inheritdoc/>
    public IReadOnlyList<EncodedPair> EncodeWindows(string question, string context, int maxTokens, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stride);
        var first = Tokenize(question, int.MaxValue);
        var second = Tokenize(context, int.MaxValue);
        var room = maxTokens - _frame.AddedToPair - first.Ids.Count;
        if (room <= stride)
            throw new ArgumentException($"A question of {first.Ids.Count} tokens leaves room for {Math.Max(room, 0)} tokens of context in {maxTokens}, which must exceed the stride {stride}; raise maxTokens or shorten the question.", nameof(maxTokens));
        var windows = new List<EncodedPair>();
        for (var start = 0; windows.Count == 0 || start + stride < second.Ids.Count; start += room - stride)
            windows.Add(_frame.Enclose(first, second.Slice(start, Math.Min(room, second.Ids.Count - start))));
        return windows;
    }

    /// <inheritdoc/>
    public string Decode(IEnumerable<int> ids, bool skipSpecial)
    {
        var tokens = new List<string>();
        foreach (var id in ids)
        {
            if (id < 0 || id >= VocabularySize)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"A token id must be from 0 to {VocabularySize - 1}.");
            if (!skipSpecial || !IsSpecial(id))
                tokens.Add(TokenText(id));
        }

        return Join(tokens);
    }

    /// <summary>The tokens of a text without added special tokens; at most <paramref name="limit"/>.</summary>
    internal abstract TokenRun Tokenize(string text, int limit);

    private protected abstract bool IsSpecial(int id);

    private protected abstract string TokenText(int id);

    private protected abstract string Join(IReadOnlyList<string> tokens);

    /// <summary>How many tokens of each text stay when both together may have <paramref name="room"/>: the longer text loses first.</summary>
    private static (int First, int Second) LongestFirst(int first, int second, int room)
    {
        if (first + (long)second <= room)
            return (first, second);
        // Cutting to half each would waste room where the shorter text is below half.
        var shorter = Math.Min(Math.Min(first, second), room / 2);
        return first <= second ? (shorter, room - shorter) : (room - shorter, shorter);
    }
}
