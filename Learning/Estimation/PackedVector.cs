using System.Buffers.Binary;

namespace FwdLLM.Learning.Estimation;

/// <summary>
/// A vector in about 16 bits a value: block floating point. Layout, little endian: the count (int32); then for each block of 256 values
/// (the last may be shorter) its exponent e (int16) and one mantissa m (int16, −32767 to 32767) per value: value = m·2^(e−15).
/// e is the least with every |value| &lt; 2^e; a block of zeros has e = −32768. The error is at most 2⁻¹⁵ of the block's largest magnitude.
/// </summary>
public static class PackedVector
{
    /// <summary>Values per block.</summary>
    public const int BlockLength = 256;

    private const short ZeroBlock = short.MinValue;
    private const int LeastExponent = -1073;
    private const int GreatestExponent = 1024;
    private const int Header = sizeof(int);

    /// <summary>Bytes of a packed vector of so many values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or too large for one array.</exception>
    public static int PackedLength(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1_000_000_000);
        return Header + (count + BlockLength - 1) / BlockLength * sizeof(short) + count * sizeof(short);
    }

    /// <summary>Packs a vector.</summary>
    /// <exception cref="ArgumentException">A value is not finite.</exception>
    public static byte[] Pack(ReadOnlySpan<double> values)
    {
        var bytes = new byte[PackedLength(values.Length)];
        var target = bytes.AsSpan(Header);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, values.Length);
        for (var start = 0; start < values.Length; start += BlockLength)
        {
            var block = values.Slice(start, Math.Min(BlockLength, values.Length - start));
            var largest = 0.0;
            for (var i = 0; i < block.Length; i++)
            {
                if (!double.IsFinite(block[i])) throw new ArgumentException($"Value {start + i} is {block[i]}; only finite values can be packed.", nameof(values));
                largest = Math.Max(largest, Math.Abs(block[i]));
            }

            var exponent = largest == 0 ? ZeroBlock : Math.ILogB(largest) + 1;
            BinaryPrimitives.WriteInt16LittleEndian(target, (short)exponent);
            target = target[sizeof(short)..];
            foreach (var value in block)
            {
                var mantissa = largest == 0 ? 0 : Math.Clamp(Math.Round(Math.ScaleB(value, 15 - exponent)), -short.MaxValue, short.MaxValue);
                BinaryPrimitives.WriteInt16LittleEndian(target, (short)mantissa);
                target = target[sizeof(short)..];
            }
        }

        return bytes;
    }

    /// <summary>Unpacks a vector of a known length. Every value is finite.</summary>
    /// <exception cref="InvalidDataException">Another length than expected, or fields that <see cref="Pack"/> never writes.</exception>
    public static double[] Unpack(ReadOnlySpan<byte> bytes, int expectedCount)
    {
        var length = PackedLength(expectedCount);
        if (bytes.Length != length)
            throw new InvalidDataException($"Packed vector: {bytes.Length} bytes, but {expectedCount} values take {length}.");
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (count != expectedCount)
            throw new InvalidDataException($"Packed vector: it announces {count} values, but {expectedCount} are expected.");
        bytes = bytes[Header..];
        var values = new double[expectedCount];
        for (var start = 0; start < values.Length; start += BlockLength)
        {
            var block = values.AsSpan(start, Math.Min(BlockLength, values.Length - start));
            int exponent = BinaryPrimitives.ReadInt16LittleEndian(bytes);
            if (exponent is not ZeroBlock and (< LeastExponent or > GreatestExponent))
                throw new InvalidDataException($"Packed vector: block {start / BlockLength} has the exponent {exponent}; it must be from {LeastExponent} to {GreatestExponent}, or {ZeroBlock} for zeros.");
            bytes = bytes[sizeof(short)..];
            for (var i = 0; i < block.Length; i++, bytes = bytes[sizeof(short)..])
            {
                var mantissa = BinaryPrimitives.ReadInt16LittleEndian(bytes);
                if (mantissa == short.MinValue || (exponent == ZeroBlock && mantissa != 0))
                    throw new InvalidDataException($"Packed vector: value {start + i} has the mantissa {mantissa}, which block exponent {exponent} does not allow.");
                block[i] = mantissa == 0 ? 0 : Math.ScaleB(mantissa, exponent - 15);
            }
        }

        return values;
    }
}
