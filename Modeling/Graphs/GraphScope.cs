using FwdLLM.Learning;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs;

/// <summary>A value and its K tangents; a null tangent is zero and costs nothing.</summary>
/// <param name="Primal">[rows, width].</param>
/// <param name="Tangent">[K, rows, width], or null.</param>
internal readonly record struct Dual(string Primal, string? Tangent);

/// <summary>
/// What the rules of one graph share: the inputs, the adapter's blocks cut out of θ and of the directions, and the shapes
/// that lead from rows (one per token) to sequences and heads. Everything is created when first asked for.
/// </summary>
internal sealed class GraphScope(GraphBuilder builder, AdapterLayout layout)
{
    private readonly Dictionary<string, string> _memo = new(StringComparer.Ordinal);
    private readonly string?[] _gradients = new string?[layout.Blocks.Count];
    private string[]? _theta;
    private string[]? _directions;

    public GraphBuilder Builder { get; } = builder;

    /// <summary>Attention mask [n, S], 1 for a token and 0 for padding; null in the prefix graph, whose single sequence has no padding.</summary>
    public string? Mask { get; init; }

    /// <summary>int64 vector [n, S].</summary>
    public required string BatchShape { get; init; }

    /// <summary>The blocks of θ where each is a tensor of its own, of any shape; null where they are cut out of the input theta.</summary>
    public IReadOnlyList<string>? ThetaBlocks { get; init; }

    /// <summary>Block of θ, [length].</summary>
    public string Theta(int block) => ThetaBlocks is { } blocks ? blocks[block] : (_theta ??= Cut("theta", 0))[block];

    /// <summary>The same block of every direction, [K, length].</summary>
    public string Directions(int block) => (_directions ??= Cut("directions", 1))[block];

    /// <summary>Adds to ∂/∂(block of θ): a block that several steps read gets the sum of their shares. Any shape of that many elements, the same every time.</summary>
    public void AddGradient(int block, string gradient) => _gradients[block] = Builder.AddOptional(_gradients[block], gradient);

    /// <summary>The recorded gradients in the order of θ, [d].</summary>
    public string Gradient() => Builder.Concat(0, _gradients.Select((gradient, block) =>
        Builder.Reshape(gradient ?? throw new InvalidOperationException($"No rule produced the gradient of adapter block '{layout.Blocks[block].Name}'."), -1)));

    /// <summary>Returns what <paramref name="create"/> made the first time this key was asked for.</summary>
    public string Once(string key, Func<string> create)
    {
        if (_memo.TryGetValue(key, out var value))
            return value;
        value = create();
        _memo.Add(key, value);
        return value;
    }

    /// <summary>[K+1, rows, width]: the value and its tangents in one tensor, so that one GEMM reads a shared weight once.</summary>
    public string Stack(Dual x) => Once($"stack {x.Primal} {x.Tangent}", () =>
        Builder.Concat(0, Builder.Unsqueeze(x.Primal, 0), x.Tangent ?? throw new ArgumentException("A value without tangents cannot be stacked.", nameof(x))));

    /// <summary>Rows [.., n·S, width] to sequences [.., n, S, width]; leading axes are kept in one.</summary>
    public string ToSequences(string rows, bool tangents, int width) => Builder.Reshape(rows, tangents
        ? Once($"shape K n S {width}", () => Builder.Concat(0, Builder.Integers(-1), BatchShape, Builder.Integers(width)))
        : Once($"shape n S {width}", () => Builder.Concat(0, BatchShape, Builder.Integers(width))));

    /// <summary>Rows [.., n·S, heads·size] to [.., n, heads, S, size].</summary>
    public string ToHeads(string rows, bool tangents, int heads, int size)
    {
        var parts = ToPositions(rows, tangents, heads, size);
        return tangents ? Builder.Transpose(parts, 0, 1, 3, 2, 4) : Builder.Transpose(parts, 0, 2, 1, 3);
    }

    /// <summary>Inverse of <see cref="ToHeads"/>.</summary>
    public string ToRows(string parts, bool tangents, int width) =>
        FromPositions(Builder.Transpose(parts, tangents ? [0, 1, 3, 2, 4] : [0, 2, 1, 3]), tangents, width);

    /// <summary>Rows [.., n·S, heads·size] to [.., n, S, heads, size].</summary>
    public string ToPositions(string rows, bool tangents, int heads, int size) => Builder.Reshape(rows, tangents
        ? Once($"shape K heads {heads} {size}", () => Builder.Concat(0, Builder.Integers(-1), BatchShape, Builder.Integers(heads, size)))
        : Once($"shape heads {heads} {size}", () => Builder.Concat(0, BatchShape, Builder.Integers(heads, size))));

    /// <summary>Inverse of <see cref="ToPositions"/>.</summary>
    public string FromPositions(string parts, bool tangents, int width) => tangents
        ? Builder.Reshape(parts, Once($"shape K rows {width}", () => Builder.Concat(0, Builder.Integers(-1), Rows(), Builder.Integers(width))))
        : Builder.Reshape(parts, -1, width);

    /// <summary>0, 1, … S − 1: int64 [S].</summary>
    public string Positions() => Once("positions", () =>
    {
        var length = Builder.Node("Gather", [BatchShape, Builder.Integer(1)], ("axis", 0));
        return Builder.Node("Range", [Builder.Integer(0), length, Builder.Integer(1)]);
    });

    /// <summary>n·S as a vector of length 1.</summary>
    public string Rows() => Once("rows", () => Builder.Node("ReduceProd", [BatchShape], ("axes", new long[] { 0 }), ("keepdims", 1)));

    private string[] Cut(string input, int axis)
    {
        if (layout.Blocks.Count == 1)
            return [input];
        return Builder.Node("Split", [input, Builder.Integers([.. layout.Blocks.Select(block => (long)block.Length)])], layout.Blocks.Count, ("axis", axis));
    }
}
