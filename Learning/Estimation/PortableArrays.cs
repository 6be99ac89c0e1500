using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FwdLLM.Learning.Estimation;

/// <summary>Arrays of 64-bit values as little-endian bytes, read without trusting the length that the bytes claim.</summary>
internal static class PortableArrays
{
    private const int ChunkValues = 8192;

    /// <summary>Writes the values without a length.</summary>
    public static void WriteAll(BinaryWriter writer, ReadOnlySpan<long> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            writer.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        foreach (var value in values) writer.Write(value);
    }

    /// <summary>Writes the bit patterns of the values, without a length.</summary>
    public static void WriteAll(BinaryWriter writer, ReadOnlySpan<double> values) => WriteAll(writer, MemoryMarshal.Cast<double, long>(values));

    /// <summary>Reads values; memory grows with what is there, not with what is claimed.</summary>
    /// <exception cref="InvalidDataException">Fewer bytes than claimed.</exception>
    public static long[] ReadInt64(BinaryReader reader, int count, string what)
    {
        if (reader.BaseStream.CanSeek && reader.BaseStream.Length - reader.BaseStream.Position < (long)count * sizeof(long))
            throw Short(count, what, (reader.BaseStream.Length - reader.BaseStream.Position) / sizeof(long));
        var values = new long[Math.Min(count, ChunkValues)];
        for (var done = 0; done < count;)
        {
            if (done == values.Length) Array.Resize(ref values, (int)Math.Min(count, 2L * done));
            var part = MemoryMarshal.AsBytes(values.AsSpan(done));
            var read = reader.BaseStream.ReadAtLeast(part, part.Length, throwOnEndOfStream: false);
            if (read < part.Length) throw Short(count, what, done + read / sizeof(long));
            done = values.Length;
        }

        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(values, values);
        return values;
    }

    /// <summary>Reads bit patterns of doubles.</summary>
    /// <exception cref="InvalidDataException">Fewer bytes than claimed.</exception>
    public static double[] ReadDoubles(BinaryReader reader, int count, string what) =>
        MemoryMarshal.Cast<long, double>(ReadInt64(reader, count, what)).ToArray();

    /// <summary>Reads a few 32-bit values.</summary>
    /// <exception cref="InvalidDataException">Fewer bytes than asked for.</exception>
    public static int[] ReadInt32(BinaryReader reader, int count, string what)
    {
        Span<byte> bytes = stackalloc byte[count * sizeof(int)];
        var read = reader.BaseStream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (read < bytes.Length) throw Short(count, what, read / sizeof(int));
        var values = new int[count];
        for (var i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * sizeof(int))..]);
        return values;
    }

    /// <summary>Reads a four-byte tag, a version and a count.</summary>
    /// <exception cref="InvalidDataException">Another tag or a negative count.</exception>
    public static int ReadHeader(BinaryReader reader, uint tag, string what)
    {
        try
        {
            var found = reader.ReadUInt32();
            if (found != tag) throw new InvalidDataException($"{what}: starts with 0x{found:x8} instead of 0x{tag:x8}; these bytes are something else or another version.");
            var count = reader.ReadInt32();
            return count >= 0 ? count : throw new InvalidDataException($"{what}: a length of {count}; it cannot be negative.");
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{what}: the bytes end inside the header.", e);
        }
    }

    private static InvalidDataException Short(int count, string what, long there) =>
        new($"{what}: {count} values are announced but only {there} are there; the bytes are cut off or damaged.");
}
