using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>One piece of a unigram vocabulary with its log-probability.</summary>
internal readonly record struct UnigramPiece(string Text, double Score);

/// <summary>
/// Unigram language model segmentation (Kudo, arXiv 1804.10959): of all ways to cut a text into pieces the one whose scores sum
/// highest, by dynamic programming over a trie of pieces. A character that no piece covers costs 10 more than the worst piece.
/// </summary>
internal sealed class UnigramModel
{
    /// <summary>SentencePiece itself stops at 16 characters unless told otherwise; beyond this a text would take quadratic time.</summary>
    public const int LongestPiece = 512;

    // The largest vocabularies in use have a quarter of a million pieces and two million prefixes.
    private const int MostPrefixes = 8_000_000;
    private const double UnknownPenalty = 10;
    private const int Root = 0, None = -1;

    // One trie node per distinct prefix; a transition is keyed by its node and UTF-16 code unit.
    private readonly Dictionary<(int Node, char Unit), int> _transitions = [];
    private readonly List<int> _pieceOfNode = [None];
    private readonly double[] _scores;
    private readonly double _unknownScore;

    public UnigramModel(string source, IReadOnlyList<UnigramPiece> pieces, int unknownId)
    {
        if (unknownId < 0 || unknownId >= pieces.Count)
            throw new CheckpointException($"{source}: the unknown token has id {unknownId}; the {pieces.Count} pieces have the ids 0 to {pieces.Count - 1}.");
        for (var id = 0; id < pieces.Count; id++)
            Insert(source, pieces[id], id);
        UnknownId = unknownId;
        _scores = [.. pieces.Select(piece => piece.Score)];
        _unknownScore = _scores.Min() - UnknownPenalty;
    }

    public int UnknownId { get; }

    /// <summary>The best segmentation of UTF-16 text without lone surrogates: ids with the end of each piece; neighbouring unknown characters are one.</summary>
    public List<(int Id, int End)> Segment(ReadOnlySpan<char> text)
    {
        var best = new double[text.Length + 1];
        var (from, piece) = (new int[text.Length + 1], new int[text.Length + 1]);
        from.AsSpan().Fill(None);
        for (int start = 0, width; start < text.Length; start += width)
        {
            width = char.IsHighSurrogate(text[start]) ? 2 : 1;
            var alone = false;
            for (int node = Root, end = start; end < text.Length && _transitions.TryGetValue((node, text[end]), out node);)
            {
                end++;
                var id = _pieceOfNode[node];
                if (id == None)
                    continue;
                Reach(end, best[start] + _scores[id], start, id);
                alone |= end == start + width;
            }

            if (!alone)
                Reach(start + width, best[start] + _unknownScore, start, UnknownId);
        }

        var pieces = new List<(int Id, int End)>();
        for (var end = text.Length; end > 0; end = from[end])
        {
            // Backwards: an unknown character before another joins it, and the end stays that of the last.
            if (pieces.Count == 0 || piece[end] != UnknownId || pieces[^1].Id != UnknownId)
                pieces.Add((piece[end], end));
        }

        pieces.Reverse();
        return pieces;

        // The first way found wins among equals, as in the reference.
        void Reach(int end, double score, int start, int id)
        {
            if (from[end] == None || score > best[end])
                (best[end], from[end], piece[end]) = (score, start, id);
        }
    }

    private void Insert(string source, UnigramPiece piece, int id)
    {
        if (piece.Text.Length > LongestPiece)
            throw new CheckpointException($"{source}: piece {id} has {piece.Text.Length} characters; at most {LongestPiece} are supported. It is not a tokenizer's vocabulary.");
        if (!double.IsFinite(piece.Score))
            throw new CheckpointException($"{source}: piece {id}, '{piece.Text}', has the score {piece.Score}; a finite number is expected. Download or export the file again.");
        if (piece.Text.Length == 0)
            return;
        var node = Root;
        foreach (var unit in piece.Text)
        {
            if (!_transitions.TryGetValue((node, unit), out var next))
            {
                next = _pieceOfNode.Count;
                if (next > MostPrefixes)
                    throw new CheckpointException($"{source} has pieces with more than {MostPrefixes} different beginnings; it is not a tokenizer's vocabulary.");
                _transitions.Add((node, unit), next);
                _pieceOfNode.Add(None);
            }

            node = next;
        }

        if (_pieceOfNode[node] != None)
            throw new CheckpointException($"{source} lists piece '{piece.Text}' as {_pieceOfNode[node]} and as {id}; every piece must have one id.");
        _pieceOfNode[node] = id;
    }
}
