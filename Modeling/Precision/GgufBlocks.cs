using System.Buffers.Binary;

namespace FwdLLM.Modeling.Precision;

/// <summary>
/// GGUF's simple blocks of 32 as blocks of MatMulNBits, without rounding again: the integers are moved, the 16-bit scales widened.
/// In GGUF byte i of a 4-bit block holds elements i and i + 16, here elements 2i and 2i + 1.
/// </summary>
public static class GgufBlocks
{
    private const int Size = BlockWeights.BlockSize;
    private const int Half = Size / 2;

    /// <summary>Q4_0: value = (q − 8)·d; 18 bytes a block.</summary>
    /// <param name="blocks">Raw blocks, row after row.</param>
    /// <param name="rows">out.</param>
    /// <param name="columns">in, a multiple of 32.</param>
    /// <exception cref="ArgumentException">The length does not fit.</exception>
    public static BlockWeights FromQ4_0(ReadOnlySpan<byte> blocks, int rows, int columns)
    {
        var count = Check(blocks, rows, columns, 2 + Half, "Q4_0");
        var (values, scales) = (new byte[count * Half], new float[count]);
        for (var index = 0; index < count; index++)
        {
            var block = blocks.Slice(index * (2 + Half), 2 + Half);
            scales[index] = ReadHalf(block);
            Interleave(block[2..], values.AsSpan(index * Half, Half));
        }

        return new BlockWeights(4, rows, columns, values, scales);
    }

    /// <summary>Q4_1: value = q·d + m, so the zero point is −m/d, rarely an integer; 20 bytes a block. A block of one value (d = 0) becomes 1·m.</summary>
    /// <inheritdoc cref="FromQ4_0"/>
    public static BlockWeights FromQ4_1(ReadOnlySpan<byte> blocks, int rows, int columns)
    {
        var count = Check(blocks, rows, columns, 4 + Half, "Q4_1");
        var (values, scales, zeros) = (new byte[count * Half], new float[count], new float[count]);
        for (var index = 0; index < count; index++)
        {
            var block = blocks.Slice(index * (4 + Half), 4 + Half);
            var (scale, minimum) = (ReadHalf(block), ReadHalf(block[2..]));
            var target = values.AsSpan(index * Half, Half);
            if (scale == 0)
            {
                scales[index] = minimum;
                target.Fill(0x11);
                continue;
            }

            (scales[index], zeros[index]) = (scale, -minimum / scale);
            Interleave(block[4..], target);
        }

        return new BlockWeights(4, rows, columns, values, scales, RealZeroPoints: zeros);
    }

    /// <summary>Q8_0: value = q·d with signed q; 34 bytes a block.</summary>
    /// <inheritdoc cref="FromQ4_0"/>
    public static BlockWeights FromQ8_0(ReadOnlySpan<byte> blocks, int rows, int columns)
    {
        var count = Check(blocks, rows, columns, 2 + Size, "Q8_0");
        var (values, scales) = (new byte[count * Size], new float[count]);
        for (var index = 0; index < count; index++)
        {
            var block = blocks.Slice(index * (2 + Size), 2 + Size);
            scales[index] = ReadHalf(block);
            for (var element = 0; element < Size; element++)
                values[index * Size + element] = (byte)(block[2 + element] ^ 0x80); // q + 128
        }

        return new BlockWeights(8, rows, columns, values, scales);
    }

    private static void Interleave(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (var pair = 0; pair < Half / 2; pair++)
        {
            var (first, second) = (source[2 * pair], source[2 * pair + 1]);
            target[pair] = (byte)(first & 0x0F | second << 4);
            target[Half / 2 + pair] = (byte)(first >> 4 | second & 0xF0);
        }
    }

    private static float ReadHalf(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    private static int Check(ReadOnlySpan<byte> blocks, int rows, int columns, int blockBytes, string type)
    {
        if (rows < 1 || columns < 1 || columns % Size != 0)
            throw new ArgumentException($"A {type} tensor [{rows}, {columns}] does not consist of whole blocks of {Size}; its rows must be multiples of {Size}.", nameof(columns));
        var count = (long)rows * (columns / Size);
        if (count * blockBytes != blocks.Length)
            throw new ArgumentException($"A {type} tensor [{rows}, {columns}] takes {count * blockBytes} bytes, but {blocks.Length} are given; the file is damaged.", nameof(blocks));
        return (int)count;
    }
}
