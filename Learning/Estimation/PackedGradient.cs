using System.Buffers.Binary;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Estimation;

/// <summary>
/// A gradient in about 8 bits a value: block floating point with random rounding. Every block of the layout is cut into parts of at most 256
/// values, which share an exponent. Layout, little endian: D (int32); then for each part its exponent e (int16) and one mantissa m (signed byte,
/// −127 to 127) per value: value = m·2^e. e is the least, from −1000 up, with every |value| ≤ 127·2^e; a part of zeros has e = −32768.
/// <para>
/// v/2^e is rounded up with the probability of its fraction and down otherwise, so the expectation of what is read back is v: the mean over
/// devices has no bias. The error's variance is at most 4^e/4 a value, together less than 2 % of the gradient's square (docs/learning-recipe.md).
/// </para>
/// </summary>
public static class PackedGradient
{
    /// <summary>Most values that share an exponent.</summary>
    public const int PartLength = 256;

    private const short Zeros = short.MinValue;
    private const int LeastExponent = -1000;
    private const int GreatestExponent = 994;
    private static readonly double Largest = Math.ScaleB(1, 1000);

    /// <summary>Bytes of a packed gradient over these blocks.</summary>
    public static int PackedLength(IReadOnlyList<AdapterBlock> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        var bytes = sizeof(int);
        foreach (var (_, length) in Parts(blocks)) bytes = checked(bytes + sizeof(short) + length);
        return bytes;
    }

    /// <summary>Packs a gradient.</summary>
    /// <param name="values">[D].</param>
    /// <param name="blocks">The blocks of the D coordinates, in order and without gaps.</param>
    /// <param name="random">Rounds; one 64-bit number a value, in index order.</param>
    /// <exception cref="ArgumentException">A value is not finite or beyond ±2^1000, or the blocks have another length.</exception>
    public static byte[] Pack(ReadOnlySpan<double> values, IReadOnlyList<AdapterBlock> blocks, CounterRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var dimension = Dimension(blocks);
        if (values.Length != dimension) throw new ArgumentException($"A gradient of {values.Length} values for blocks of {dimension}.", nameof(values));
        var bytes = new byte[PackedLength(blocks)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, dimension);
        var target = bytes.AsSpan(sizeof(int));
        foreach (var (offset, length) in Parts(blocks))
        {
            var part = values.Slice(offset, length);
            var exponent = Exponent(part, offset);
            BinaryPrimitives.WriteInt16LittleEndian(target, (short)exponent);
            target = target[sizeof(short)..];
            for (var i = 0; i < length; i++)
            {
                var uniform = random.NextDouble(); // Drawn for zeros too: a value's draw depends on its index alone.
                target[i] = exponent == Zeros ? (byte)0 : (byte)(sbyte)Round(Math.ScaleB(part[i], -exponent), uniform);
            }

            target = target[length..];
        }

        return bytes;
    }

    /// <summary>Unpacks a gradient [D]. Every value is finite.</summary>
    /// <param name="bytes">What <see cref="Pack"/> wrote.</param>
    /// <param name="blocks">The blocks it was packed with.</param>
    /// <exception cref="InvalidDataException">Another length than expected, or fields that <see cref="Pack"/> never writes.</exception>
    public static double[] Unpack(ReadOnlySpan<byte> bytes, IReadOnlyList<AdapterBlock> blocks)
    {
        var (dimension, expected) = (Dimension(blocks), PackedLength(blocks));
        if (bytes.Length != expected)
            throw new InvalidDataException($"Packed gradient: {bytes.Length} bytes, but {dimension} values in these blocks take {expected}.");
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes) is var count && count != dimension)
            throw new InvalidDataException($"Packed gradient: it announces {count} values, but {dimension} are expected.");
        var values = new double[dimension];
        bytes = bytes[sizeof(int)..];
        foreach (var (offset, length) in Parts(blocks))
        {
            int exponent = BinaryPrimitives.ReadInt16LittleEndian(bytes);
            if (exponent is not Zeros and (< LeastExponent or > GreatestExponent))
                throw new InvalidDataException($"Packed gradient: the values from {offset} have the exponent {exponent}; it must be from {LeastExponent} to {GreatestExponent}, or {Zeros} for zeros.");
            bytes = bytes[sizeof(short)..];
            for (var i = 0; i < length; i++)
            {
                var mantissa = (sbyte)bytes[i];
                if (mantissa == sbyte.MinValue || (exponent == Zeros && mantissa != 0))
                    throw new InvalidDataException($"Packed gradient: value {offset + i} has the mantissa {mantissa}, which its exponent {exponent} does not allow.");
                values[offset + i] = mantissa == 0 ? 0 : Math.ScaleB(mantissa, exponent);
            }

            bytes = bytes[length..];
        }

        return values;
    }

    private static int Dimension(IReadOnlyList<AdapterBlock> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        return blocks.Count == 0 ? 0 : checked(blocks[^1].Offset + blocks[^1].Length);
    }

    private static IEnumerable<(int Offset, int Length)> Parts(IReadOnlyList<AdapterBlock> blocks)
    {
        foreach (var block in blocks)
            for (var start = 0; start < block.Length; start += PartLength)
                yield return (block.Offset + start, Math.Min(PartLength, block.Length - start));
    }

    private static int Exponent(ReadOnlySpan<double> part, int offset)
    {
        var largest = 0.0;
        for (var i = 0; i < part.Length; i++)
            largest = Math.Abs(part[i]) <= Largest ? Math.Max(largest, Math.Abs(part[i])) : throw new ArgumentException($"Value {offset + i} is {part[i]}; only finite values within ±2^1000 can be packed.", nameof(part));
        if (largest == 0) return Zeros;
        var exponent = Math.Max(LeastExponent, Math.ILogB(largest) - 6); // largest/2^e from 64 to 128
        return Math.ScaleB(largest, -exponent) > sbyte.MaxValue ? exponent + 1 : exponent;
    }

    private static int Round(double value, double uniform)
    {
        var below = Math.Floor(value);
        return (int)below + (uniform < value - below ? 1 : 0);
    }
}
