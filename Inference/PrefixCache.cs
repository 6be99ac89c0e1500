namespace FwdLLM.Inference;

/// <summary>Least-recently-used store of prefix outputs under a budget in bytes. Thread-safe.</summary>
internal sealed class PrefixCache(long budget)
{
    private readonly Dictionary<TokenSequence, LinkedListNode<(TokenSequence Key, float[] Hidden)>> _index = new(new ContentComparer());
    private readonly LinkedList<(TokenSequence Key, float[] Hidden)> _recent = new();
    private readonly Lock _lock = new();
    private long _bytes;

    public long Bytes
    {
        get
        {
            lock (_lock)
                return _bytes;
        }
    }

    public float[]? Find(TokenSequence sequence)
    {
        lock (_lock)
        {
            if (!_index.TryGetValue(sequence, out var node))
                return null;
            _recent.Remove(node);
            _recent.AddFirst(node);
            return node.Value.Hidden;
        }
    }

    public void Add(TokenSequence sequence, float[] hidden)
    {
        var size = Size(hidden);
        if (size > budget)
            return;
        lock (_lock)
        {
            if (_index.ContainsKey(sequence))
                return;
            // The caller may change its arrays later; the key must not change with them.
            var key = new TokenSequence([.. sequence.Ids], sequence.TypeIds is null ? null : [.. sequence.TypeIds]);
            _index.Add(key, _recent.AddFirst((key, hidden)));
            _bytes += size;
            while (_bytes > budget && _recent.Last is { } oldest)
            {
                _recent.RemoveLast();
                _index.Remove(oldest.Value.Key);
                _bytes -= Size(oldest.Value.Hidden);
            }
        }
    }

    private static long Size(float[] hidden) => hidden.Length * (long)sizeof(float);

    /// <summary>Sequences are equal when their tokens and segments are.</summary>
    private sealed class ContentComparer : IEqualityComparer<TokenSequence>
    {
        public bool Equals(TokenSequence? x, TokenSequence? y) =>
            ReferenceEquals(x, y) || (x is not null && y is not null && x.Ids.AsSpan().SequenceEqual(y.Ids) && x.TypeIds.AsSpan().SequenceEqual(y.TypeIds));

        public int GetHashCode(TokenSequence sequence)
        {
            var hash = new HashCode();
            foreach (var id in sequence.Ids)
                hash.Add(id);
            return hash.ToHashCode();
        }
    }
}
