namespace FwdLLM.Learning;

/// <summary>One contiguous block of the flat adapter vector θ: one trainable matrix of one layer.</summary>
/// <param name="Name">Unique name, for example <c>encoder.layer.0.attention.self.query.R</c>.</param>
/// <param name="Offset">First index in θ.</param>
/// <param name="Length">Number of parameters.</param>
/// <param name="InitialBound">θ starts uniform in (−bound, bound); 0 starts at zero.</param>
public sealed record AdapterBlock(string Name, int Offset, int Length, float InitialBound);

/// <summary>How the flat vector θ ∈ R^d is divided into blocks, in order and without gaps.</summary>
public sealed class AdapterLayout
{
    /// <summary>Creates a layout and checks that its blocks are contiguous from index 0.</summary>
    /// <exception cref="ArgumentException">A block is empty, or starts where the one before does not end.</exception>
    public AdapterLayout(IReadOnlyList<AdapterBlock> blocks)
    {
        var next = 0;
        foreach (var block in blocks)
        {
            if (block.Offset != next || block.Length <= 0)
                throw new ArgumentException($"Adapter block '{block.Name}' covers [{block.Offset}, {block.Offset + (long)block.Length}) but should start at {next} and be non-empty; blocks must be contiguous.", nameof(blocks));
            next = checked(next + block.Length);
        }

        Blocks = blocks;
        Dimension = next;
    }

    /// <summary>The blocks in flat order.</summary>
    public IReadOnlyList<AdapterBlock> Blocks { get; }

    /// <summary>d, the length of θ.</summary>
    public int Dimension { get; }
}
