using System.Buffers;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// BERT's tokenizer: the ids and offsets of Hugging Face's "tokenizers" library, checked against it case by case.
/// Special tokens written in a text, such as <c>[MASK]</c>, count as such. Immutable and thread-safe.
/// </summary>
public sealed class WordPieceTokenizer
{
    /// <summary>The files of a folder that say how to tokenise.</summary>
    public static readonly IReadOnlyList<string> Files = ["vocab.txt", "tokenizer.json", "tokenizer_config.json"];

    private readonly SearchValues<string> _anySpecial;
    private readonly (string Text, int Id)[] _specials;

    /// <summary>Creates a tokenizer from its parts.</summary>
    public WordPieceTokenizer(WordPieceVocabulary vocabulary, WordPieceSettings settings)
    {
        Vocabulary = vocabulary;
        Settings = settings;
        // Longest first, so that the longest wins where several start at one place.
        _specials = [.. WordPieceVocabulary.SpecialTokens.Where(token => vocabulary.Find(token) is not null)
            .Select(token => (token, vocabulary.Find(token)!.Value)).OrderByDescending(token => token.token.Length)];
        _anySpecial = SearchValues.Create([.. _specials.Select(special => special.Text)], StringComparison.Ordinal);
    }

    /// <summary>The pieces and special ids.</summary>
    public WordPieceVocabulary Vocabulary { get; }

    /// <summary>How text is normalised.</summary>
    public WordPieceSettings Settings { get; }

    /// <summary>Reads vocab.txt with tokenizer_config.json, or else tokenizer.json, from a checkpoint's folder.</summary>
    /// <exception cref="Checkpoints.CheckpointException">No such file, or one of a tokenizer that is not BERT's.</exception>
    public static WordPieceTokenizer Load(string folder) => WordPieceFiles.Load(folder);

    /// <summary>Ids of a text between [CLS] and [SEP]; cut on the right to <paramref name="maxTokens"/> in all.</summary>
    /// <param name="text">Any text; empty gives the two special tokens.</param>
    /// <param name="maxTokens">At least 2.</param>
    public int[] Encode(string text, int maxTokens) => EncodeWithOffsets(text, maxTokens).Ids;

    /// <summary>Like <see cref="Encode"/>, with the place of every token.</summary>
    public EncodedText EncodeWithOffsets(string text, int maxTokens)
    {
        const int added = 2;
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, added);
        var (ids, offsets) = Tokenize(text, maxTokens - added);
        return new EncodedText([Vocabulary.ClassId, .. ids, Vocabulary.SeparatorId], [(0, 0), .. offsets, (0, 0)]);
    }

    /// <summary>Ids and segment ids of [CLS] first [SEP] second [SEP]; where too long, the longer text is cut until both are equally long.</summary>
    /// <param name="first">Any text.</param>
    /// <param name="second">Any text.</param>
    /// <param name="maxTokens">At least 3.</param>
    public (int[] Ids, int[] Types) EncodePair(string first, string second, int maxTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, PairAssembler.Added);
        var a = Tokenize(first, int.MaxValue);
        var b = Tokenize(second, int.MaxValue);
        var (keepFirst, keepSecond) = PairAssembler.LongestFirst(a.Ids.Count, b.Ids.Count, maxTokens - PairAssembler.Added);
        var pair = PairAssembler.Assemble(Vocabulary, a, keepFirst, b, 0, keepSecond);
        return (pair.Ids, pair.TypeIds);
    }

    /// <summary>
    /// A question with a context too long for one sequence: windows over the context, each overlapping the one before by
    /// <paramref name="stride"/> tokens, each with the whole question. There is always at least one.
    /// </summary>
    /// <exception cref="ArgumentException">The question leaves no room for more than <paramref name="stride"/> tokens of context.</exception>
    public IReadOnlyList<EncodedPair> EncodeWindows(string question, string context, int maxTokens, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stride);
        var first = Tokenize(question, int.MaxValue);
        var second = Tokenize(context, int.MaxValue);
        var room = maxTokens - PairAssembler.Added - first.Ids.Count;
        if (room <= stride)
            throw new ArgumentException($"A question of {first.Ids.Count} tokens leaves room for {Math.Max(room, 0)} tokens of context in {maxTokens}, which must exceed the stride {stride}; raise maxTokens or shorten the question.", nameof(maxTokens));
        var windows = new List<EncodedPair>();
        for (var start = 0; windows.Count == 0 || start + stride < second.Ids.Count; start += room - stride)
            windows.Add(PairAssembler.Assemble(Vocabulary, first, first.Ids.Count, second, start, Math.Min(room, second.Ids.Count - start)));
        return windows;
    }

    /// <summary>The pieces' ids of a text without added special tokens; at most <paramref name="limit"/>.</summary>
    internal TokenRun Tokenize(string text, int limit)
    {
        var scanner = new WordPieceScanner(Vocabulary, Settings, limit);
        for (var position = 0; position < text.Length && !scanner.Full;)
        {
            var distance = text.AsSpan(position).IndexOfAny(_anySpecial);
            var plainEnd = distance < 0 ? text.Length : position + distance;
            scanner.Scan(text, position, plainEnd);
            position = plainEnd;
            if (position == text.Length || scanner.Full)
                break;
            var special = Array.Find(_specials, candidate => string.CompareOrdinal(text, position, candidate.Text, 0, candidate.Text.Length) == 0);
            scanner.Add(special.Id, (position, position + special.Text.Length));
            position += special.Text.Length;
        }

        return new TokenRun(scanner.Ids, scanner.Offsets).Truncate(limit);
    }
}
