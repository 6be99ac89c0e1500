using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// One pass over a text: clean, decompose, lower-case, split into words at spaces, punctuation and ideographs, and cut each word
/// greedily into the longest pieces (Wu et al., arXiv 1609.08144, as in BERT's tokenizer). Stops as soon as enough tokens are there.
/// </summary>
internal ref struct WordPieceScanner(WordPieceVocabulary vocabulary, WordPieceSettings settings, int limit)
{
    private static readonly DecompositionTable Decompositions = DecompositionTable.Canonical;

    private readonly Word _word = new();

    public List<int> Ids { get; } = [];

    public List<(int Start, int End)> Offsets { get; } = [];

    public readonly bool Full => Ids.Count >= limit;

    public readonly void Add(int id, (int Start, int End) place)
    {
        Ids.Add(id);
        Offsets.Add(place);
    }

    /// <summary>Scans [start, end) of the text, which holds no special token.</summary>
    public readonly void Scan(ReadOnlySpan<char> text, int start, int end)
    {
        for (var position = start; position < end && !Full;)
        {
            // A lone surrogate decodes as the replacement character, which is removed.
            Rune.DecodeFromUtf16(text[position..end], out var rune, out var units);
            ScanRune(rune, position, position + units);
            position += units;
        }

        Flush();
    }

    private readonly void ScanRune(Rune rune, int start, int end)
    {
        if (settings.CleanText && BertCharacters.IsRemoved(rune))
            return;
        if (Rune.IsWhiteSpace(rune))
        {
            Flush();
            return;
        }

        var alone = settings.SplitIdeographs && BertCharacters.IsIdeograph(rune);
        if (alone)
            Flush();
        Span<Rune> parts = stackalloc Rune[Decompositions.Longest];
        parts[0] = rune;
        var count = settings.StripAccents ? Decompositions.Decompose(rune, parts) : 1;
        foreach (var part in parts[..count])
        {
            if (!settings.StripAccents || !BertCharacters.IsNonspacingMark(part))
                Collect(settings.Lowercase ? Rune.ToLowerInvariant(part) : part, start, end);
        }

        if (alone)
            Flush();
    }

    private readonly void Collect(Rune rune, int start, int end)
    {
        var alone = BertCharacters.IsPunctuation(rune);
        if (alone)
            Flush();
        _word.Append(rune, start, end);
        if (alone)
            Flush();
    }

    private readonly void Flush()
    {
        if (_word.Runes > 0)
            CutIntoPieces();
        _word.Clear();
    }

    private readonly void CutIntoPieces()
    {
        var text = _word.Text;
        var first = Ids.Count;
        var complete = _word.Runes <= settings.MaxWordLength;
        for (int start = 0, end; complete && start < text.Length; start = end)
        {
            var id = 0;
            end = Math.Min(text.Length, start + vocabulary.LongestPiece);
            while (end > start && !vocabulary.TryFind(text[start..end], continuing: start > 0, out id))
                end--;
            complete = end > start;
            if (complete)
                Add(id, _word.Place(start, end));
        }

        if (complete)
            return;
        // One unknown stretch makes the whole word unknown.
        Ids.RemoveRange(first, Ids.Count - first);
        Offsets.RemoveRange(first, Offsets.Count - first);
        Add(vocabulary.UnknownId, _word.Place(0, text.Length));
    }
}
