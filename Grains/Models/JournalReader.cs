using System.Text;

namespace FwdLLM.Grains;

/// <summary>Reads the journal's binary forms: every length is held against what is left before anything is allocated, and every failure becomes one <see cref="InvalidDataException"/>.</summary>
internal sealed class JournalReader(byte[] bytes) : BinaryReader(new MemoryStream(bytes, writable: false), Encoding.UTF8)
{
    private long Left => BaseStream.Length - BaseStream.Position;

    /// <summary>A count of things of at least <paramref name="least"/> bytes each.</summary>
    public int Count(int least, string what)
    {
        var count = Read7BitEncodedInt();
        return count >= 0 && count <= Left / least ? count : throw new InvalidDataException($"it claims {count} {what}, but only {Left} bytes follow");
    }

    public byte[] Bytes(int length, string what) =>
        length >= 0 && length <= Left ? ReadBytes(length) : throw new InvalidDataException($"its {what} claims {length} bytes, but only {Left} follow");

    public string Text(string what)
    {
        var length = Read7BitEncodedInt();
        return Encoding.UTF8.GetString(Bytes(length, what));
    }

    /// <summary>Runs a reader over bytes to their end; what is wrong with them is said of <paramref name="what"/>.</summary>
    public static T Parse<T>(byte[] bytes, string what, Func<JournalReader, T> read)
    {
        using var reader = new JournalReader(bytes);
        try
        {
            var value = read(reader);
            return reader.Left == 0 ? value : throw new InvalidDataException($"{reader.Left} bytes follow its end");
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{what} is damaged: {e.Message}.", e);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or IOException or OverflowException)
        {
            throw new InvalidDataException($"{what} is damaged: it ends or breaks at byte {reader.BaseStream.Position} of {bytes.Length}.", e);
        }
    }
}
