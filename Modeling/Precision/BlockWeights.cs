namespace FwdLLM.Modeling.Precision;

/// <summary>
/// A weight [out, in] in blocks of 32 along a row, as ONNX Runtime's MatMulNBits reads it: element = (q − zero point)·scale.
/// Where 32 does not divide a row's length, bits after its end in the last block are zero and not read.
/// </summary>
/// <param name="Bits">4 or 8.</param>
/// <param name="Rows">out.</param>
/// <param name="Columns">in.</param>
/// <param name="Values">[out, blocks, 4·Bits]; of two 4-bit elements in a byte the first has the low half.</param>
/// <param name="Scales">[out, blocks].</param>
/// <param name="ZeroPoints">[out, ⌈blocks·Bits/8⌉], packed like the values; null means 2^(Bits−1) everywhere.</param>
/// <param name="RealZeroPoints">[out, blocks], instead of <paramref name="ZeroPoints"/> where they are no integers.</param>
public sealed record BlockWeights(int Bits, int Rows, int Columns, byte[] Values, float[] Scales, byte[]? ZeroPoints = null, float[]? RealZeroPoints = null)
{
    /// <summary>Elements of a block.</summary>
    public const int BlockSize = 32;

    /// <summary>Blocks of a row.</summary>
    public int RowBlocks => BlocksOf(Columns);

    /// <summary>Bytes of a block's values.</summary>
    public int BlockBytes => BlockSize * Bits / 8;

    /// <summary>The rows in another order, for checkpoints that interleave the halves of attention heads.</summary>
    /// <param name="order">For each row of the result, which row of this weight it is.</param>
    /// <exception cref="ArgumentException">Not one index for each row.</exception>
    public BlockWeights WithRows(IReadOnlyList<int> order)
    {
        if (order.Count != Rows || order.Any(row => row < 0 || row >= Rows))
            throw new ArgumentException($"{order.Count} row indices do not reorder {Rows} rows; give each row one index from 0 to {Rows - 1}.", nameof(order));
        return this with { Values = Reorder(Values), Scales = Reorder(Scales), ZeroPoints = Reorder(ZeroPoints), RealZeroPoints = Reorder(RealZeroPoints) };

        [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(values))]
        T[]? Reorder<T>(T[]? values)
        {
            if (values is null)
                return null;
            var width = values.Length / Rows;
            var result = new T[values.Length];
            for (var row = 0; row < Rows; row++)
                values.AsSpan(order[row] * width, width).CopyTo(result.AsSpan(row * width));
            return result;
        }
    }

    internal static int BlocksOf(int columns) => (columns + BlockSize - 1) / BlockSize;
}
