using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// Byte-pair merging (Sennrich et al., arXiv 1508.07909): of all neighbouring pairs the one first in the list of merges is merged,
/// the leftmost where several are equal, until none is left. A heap of candidates keeps it at n log n for a word of n bytes.
/// </summary>
internal sealed class BpeModel
{
    private const int None = -1;

    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges = [];
    private readonly int[] _byteIds = new int[256];

    public BpeModel(string source, IReadOnlyDictionary<string, int> ids, IReadOnlyList<(string Left, string Right)> merges)
    {
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            var pair = (Require(left), Require(right));
            if (!_merges.TryAdd(pair, (rank, Require(left + right))))
                throw new CheckpointException($"{source}: merge {rank}, '{left} {right}', comes twice; use the merges of the original tokenizer.");
            int Require(string token) => ids.TryGetValue(token, out var id) ? id
                : throw new CheckpointException($"{source}: merge {rank}, '{left} {right}', needs the token '{token}', which the vocabulary lacks; use merges and vocabulary of one tokenizer.");
        }

        for (var value = 0; value < _byteIds.Length; value++)
            _byteIds[value] = ids.TryGetValue(ByteAlphabet.ToChar((byte)value).ToString(), out var id) ? id : None;
    }

    /// <summary>The token of a single byte, or -1.</summary>
    public int ByteId(byte value) => _byteIds[value];

    /// <summary>Merges a word in place: the symbols that remain, in order.</summary>
    public void Merge(List<Symbol> symbols)
    {
        if (symbols.Count < 2)
            return;
        var word = new Links(symbols);
        var queue = new PriorityQueue<(int Position, int Left, int Right, int Id), (int Rank, int Position)>();
        for (var position = 0; position < symbols.Count - 1; position++)
            Offer(position, position + 1);
        while (queue.TryDequeue(out var best, out _))
        {
            var right = word.Next[best.Position];
            // Out of date: one of the two went into another merge meanwhile.
            if (word.Ids[best.Position] != best.Left || right == None || word.Ids[right] != best.Right)
                continue;
            word.Join(best.Position, right, best.Id);
            if (word.Previous[best.Position] is var before and not None)
                Offer(before, best.Position);
            if (word.Next[best.Position] is var after and not None)
                Offer(best.Position, after);
        }

        word.CopyTo(symbols);

        void Offer(int left, int right)
        {
            if (_merges.TryGetValue((word.Ids[left], word.Ids[right]), out var merge))
                queue.Enqueue((left, word.Ids[left], word.Ids[right], merge.Id), (merge.Rank, left));
        }
    }

    /// <summary>A token and its place in the text.</summary>
    internal readonly record struct Symbol(int Id, int Start, int End);

    /// <summary>The word as a doubly linked list over arrays; a symbol that was merged away has id -1.</summary>
    private sealed class Links
    {
        private readonly int[] _starts, _ends;

        public Links(List<Symbol> symbols)
        {
            Ids = [.. symbols.Select(symbol => symbol.Id)];
            _starts = [.. symbols.Select(symbol => symbol.Start)];
            _ends = [.. symbols.Select(symbol => symbol.End)];
            Previous = [.. Enumerable.Range(None, symbols.Count)];
            Next = [.. Enumerable.Range(1, symbols.Count - 1), None];
        }

        public int[] Ids { get; }

        public int[] Previous { get; }

        public int[] Next { get; }

        public void Join(int left, int right, int id)
        {
            (Ids[left], Ids[right]) = (id, None);
            _ends[left] = _ends[right];
            Next[left] = Next[right];
            if (Next[left] != None)
                Previous[Next[left]] = left;
        }

        public void CopyTo(List<Symbol> symbols)
        {
            symbols.Clear();
            for (var position = 0; position != None; position = Next[position])
                symbols.Add(new Symbol(Ids[position], _starts[position], _ends[position]));
        }
    }
}
