using System.Runtime.InteropServices;

namespace FwdLLM.Learning.Training;

/// <summary>Length-prefixed little-endian arrays, with every length checked against what is left before anything is allocated.</summary>
internal static class Binary
{
    public static ReadOnlySpan<byte> Bytes(ReadOnlySpan<float> values)
    {
        RequireLittleEndian();
        return MemoryMarshal.AsBytes(values);
    }

    public static void Write<T>(BinaryWriter writer, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        RequireLittleEndian();
        writer.Write(values.Length);
        writer.Write(MemoryMarshal.AsBytes(values));
    }

    public static unsafe T[] Read<T>(BinaryReader reader, string what)
        where T : unmanaged
    {
        RequireLittleEndian();
        var count = reader.ReadInt32();
        var left = (reader.BaseStream.Length - reader.BaseStream.Position) / sizeof(T);
        if (count < 0 || count > left)
            throw new InvalidDataException($"{what} claims {count} values, but only {left} follow; the data is damaged.");
        var values = new T[count];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Runs a reader over bytes and turns a premature end into one error.</summary>
    public static T Parse<T>(ReadOnlySpan<byte> bytes, string what, Func<BinaryReader, T> read)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes.ToArray(), writable: false));
        try
        {
            var value = read(reader);
            if (reader.BaseStream.Position != reader.BaseStream.Length)
                throw new InvalidDataException($"{what}: {reader.BaseStream.Length - reader.BaseStream.Position} bytes follow its end; the data is damaged or of a newer version.");
            return value;
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{what} ends after {bytes.Length} bytes, before it is complete; the data is damaged.", e);
        }
        catch (Exception e) when (e is FormatException or IOException)
        {
            // BinaryReader's own words for a text whose length is impossible.
            throw new InvalidDataException($"{what} holds a text that cannot be read; the data is damaged.", e);
        }
    }

    private static void RequireLittleEndian()
    {
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("This system keeps numbers big-endian; run on a little-endian processor.");
    }
}
