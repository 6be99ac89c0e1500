using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>The pieces of a WordPiece tokenizer; a piece's id is its index.</summary>
public sealed class WordPieceVocabulary
{
    /// <summary>What a piece that continues a word starts with.</summary>
    public const string ContinuationPrefix = "##";

    /// <summary>The special tokens of BERT, in their usual order.</summary>
    public static readonly IReadOnlyList<string> SpecialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private readonly Dictionary<string, int> _starting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _continuing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _findStarting;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _findContinuing;

    /// <summary>Checks and indexes the pieces.</summary>
    /// <param name="pieces">Pieces in the order of their ids.</param>
    /// <param name="source">Where they come from, for messages.</param>
    /// <exception cref="CheckpointException">A piece comes twice, or [UNK], [CLS] or [SEP] is missing.</exception>
    public WordPieceVocabulary(IReadOnlyList<string> pieces, string source)
    {
        for (var id = 0; id < pieces.Count; id++)
        {
            var piece = pieces[id];
            if (!_starting.TryAdd(piece, id))
                throw new CheckpointException($"{source} lists piece '{piece}' as {_starting[piece]} and as {id}; every piece must have one id.");
            // "##" alone is two punctuation marks, not a continuation of nothing.
            if (piece.Length > ContinuationPrefix.Length && piece.StartsWith(ContinuationPrefix, StringComparison.Ordinal))
                _continuing.Add(piece[ContinuationPrefix.Length..], id);
        }

        Pieces = pieces;
        _findStarting = _starting.GetAlternateLookup<ReadOnlySpan<char>>();
        _findContinuing = _continuing.GetAlternateLookup<ReadOnlySpan<char>>();
        UnknownId = RequireId("[UNK]", source);
        ClassId = RequireId("[CLS]", source);
        SeparatorId = RequireId("[SEP]", source);
        LongestPiece = pieces.Max(piece => piece.Length);
    }

    /// <summary>All pieces in the order of their ids.</summary>
    public IReadOnlyList<string> Pieces { get; }

    /// <summary>Id of [UNK].</summary>
    public int UnknownId { get; }

    /// <summary>Id of [CLS], which starts every sequence.</summary>
    public int ClassId { get; }

    /// <summary>Id of [SEP], which ends every text of a sequence.</summary>
    public int SeparatorId { get; }

    /// <summary>Length of the longest piece in UTF-16 code units.</summary>
    internal int LongestPiece { get; }

    /// <summary>Id of a piece as written in the vocabulary, or null.</summary>
    public int? Find(string piece) => _starting.TryGetValue(piece, out var id) ? id : null;

    internal bool TryFind(ReadOnlySpan<char> text, bool continuing, out int id) =>
        continuing ? _findContinuing.TryGetValue(text, out id) : _findStarting.TryGetValue(text, out id);

    private int RequireId(string piece, string source) => Find(piece)
        ?? throw new CheckpointException($"{source} has no '{piece}'; it is not the vocabulary of a BERT tokenizer.");
}
