namespace FwdLLM.Modeling.Precision;

/// <summary>
/// Rounds weights to 4 or 8 bits in blocks, bit for bit as ONNX Runtime's own quantiser does (golden/quant/nbits): symmetric
/// with scale = extreme / −2^(bits−1), or from the least to the greatest value, 0 included, with a zero point.
/// </summary>
internal static class BlockQuantizer
{
    /// <param name="weights">[rows, columns].</param>
    /// <param name="rows">out.</param>
    /// <param name="columns">in.</param>
    /// <param name="bits">4 or 8.</param>
    /// <param name="symmetric">No zero points.</param>
    /// <exception cref="ArgumentException">A value is not finite.</exception>
    public static BlockWeights Quantize(ReadOnlySpan<float> weights, int rows, int columns, int bits, bool symmetric)
    {
        var blocks = BlockWeights.BlocksOf(columns);
        var result = new BlockWeights(bits, rows, columns, new byte[rows * blocks * BlockWeights.BlockSize * bits / 8], new float[rows * blocks],
            symmetric ? null : new byte[rows * PackedLength(blocks, bits)]);
        for (var row = 0; row < rows; row++)
        {
            if (result.ZeroPoints is { } zeros && bits == 4 && blocks % 2 == 1)
                zeros[(row + 1) * PackedLength(blocks, bits) - 1] = 0x80; // the unused half of the last byte
            for (var index = 0; index < blocks; index++)
            {
                var from = index * BlockWeights.BlockSize;
                var block = weights.Slice(row * columns + from, Math.Min(BlockWeights.BlockSize, columns - from));
                foreach (var value in block)
                    if (!float.IsFinite(value))
                        throw new ArgumentException($"Row {row} holds {value}; only finite weights can be quantised.", nameof(weights));
                Block(block, result, row, index);
            }
        }

        return result;
    }

    private static void Block(ReadOnlySpan<float> block, BlockWeights target, int row, int index)
    {
        float least = 0, greatest = 0;
        foreach (var value in block)
            (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
        float half = 1 << (target.Bits - 1), most = (1 << target.Bits) - 1;
        float scale, zero;
        if (target.ZeroPoints is null)
        {
            (scale, zero) = ((MathF.Abs(greatest) > MathF.Abs(least) ? greatest : least) / -half, half);
        }
        else
        {
            scale = (greatest - least) / most;
            zero = scale == 0 ? least : Math.Clamp(MathF.Round(-least / scale, MidpointRounding.AwayFromZero), 0, most);
            var packed = target.ZeroPoints.AsSpan(row * PackedLength(target.RowBlocks, target.Bits));
            Put(packed, index, (byte)zero, target.Bits);
        }

        target.Scales[row * target.RowBlocks + index] = scale;
        var reciprocal = scale == 0 ? 0 : 1 / scale;
        var values = target.Values.AsSpan((row * target.RowBlocks + index) * target.BlockBytes, target.BlockBytes);
        for (var element = 0; element < block.Length; element++)
            Put(values, element, (byte)Math.Clamp(MathF.Round(block[element] * reciprocal + zero, MidpointRounding.AwayFromZero), 0, most), target.Bits);
    }

    private static int PackedLength(int count, int bits) => (count * bits + 7) / 8;

    private static void Put(Span<byte> packed, int index, byte value, int bits)
    {
        if (bits == 8)
            packed[index] = value;
        else if (index % 2 == 0)
            packed[index / 2] = (byte)(packed[index / 2] & 0xF0 | value);
        else
            packed[index / 2] = (byte)(packed[index / 2] & 0x0F | value << 4);
    }
}
