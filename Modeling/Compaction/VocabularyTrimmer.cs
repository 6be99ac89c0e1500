using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Compaction;

/// <summary>
/// Chooses the pieces of a smaller WordPiece vocabulary. Greedy matching stays total: for every character that pieces hold, the
/// single character is kept in the form (starting or continuing) in which it can be needed, so no word that could be spelled becomes unknown.
/// </summary>
internal sealed class VocabularyTrimmer(WordPieceTokenizer tokenizer)
{
    private readonly long[] _counts = new long[tokenizer.Vocabulary.Pieces.Count];

    public long Texts { get; private set; }

    public long Tokens { get; private set; }

    public void Count(string text)
    {
        var tokens = tokenizer.Tokenize(text, int.MaxValue).Ids;
        foreach (var id in tokens)
            _counts[id]++;
        Texts++;
        Tokens += tokens.Count;
    }

    /// <summary>Source ids to keep, ascending: what is needed, then the most frequent; equally frequent ones by lower id.</summary>
    public int[] Choose(int limit)
    {
        var needed = Needed();
        if (needed.Count > limit)
            throw new CheckpointException($"VocabularyLimit is {limit}, but special tokens and single characters alone are {needed.Count} pieces; raise it to at least that.");
        var frequent = Enumerable.Range(0, _counts.Length)
            .Where(id => _counts[id] > 0 && !needed.Contains(id))
            .OrderByDescending(id => _counts[id]).ThenBy(id => id)
            .Take(limit - needed.Count);
        return [.. needed.Concat(frequent).Order()];
    }

    public long KeptTokens(IEnumerable<int> kept) => kept.Sum(id => _counts[id]);

    private HashSet<int> Needed()
    {
        var vocabulary = tokenizer.Vocabulary;
        var needed = WordPieceVocabulary.SpecialTokens.Select(vocabulary.Find).OfType<int>().ToHashSet();
        for (var id = 0; id < vocabulary.Pieces.Count; id++)
        {
            var piece = vocabulary.Pieces[id];
            var continuing = piece.Length > WordPieceVocabulary.ContinuationPrefix.Length && piece.StartsWith(WordPieceVocabulary.ContinuationPrefix, StringComparison.Ordinal);
            if (needed.Contains(id) || (!continuing && IsUnreachable(piece)))
                continue;
            foreach (var rune in (continuing ? piece[WordPieceVocabulary.ContinuationPrefix.Length..] : piece).EnumerateRunes())
            {
                needed.Add(Require(piece, continuing ? WordPieceVocabulary.ContinuationPrefix + rune : rune.ToString()));
                continuing = true;
            }
        }

        return needed;
    }

    // [unused7] and the like: the bracket splits off as punctuation, so no text reaches such a piece, nor what it is made of.
    private static bool IsUnreachable(string piece)
    {
        var runes = piece.EnumerateRunes().ToList();
        return runes.Count == 0 || (runes.Count > 1 && BertCharacters.IsPunctuation(runes[0]));
    }

    private int Require(string piece, string character) => tokenizer.Vocabulary.Find(character)
        ?? throw new CheckpointException($"Piece '{piece}' needs '{character}', which the vocabulary does not have: a smaller vocabulary could not spell every word. This model cannot be compacted.");
}
