using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FwdLLM.Cli.Journals;

/// <summary>One frame of a journal file: kind, round, part, length and SHA-256, then the content. The hash is over all of them.</summary>
internal readonly record struct JournalFrame(JournalFrame.FrameKind Kind, uint Round, int Part, int Length)
{
    public const int HeaderBytes = PlaceBytes + SHA256.HashSizeInBytes;

    private const int PlaceBytes = 13;

    public enum FrameKind : byte
    {
        /// <summary>What the journal belongs to, as JSON.</summary>
        Head = 1,

        /// <summary>Model state from which a replay starts.</summary>
        Checkpoint = 2,

        /// <summary>An entry (part 0) or one of its parts.</summary>
        Entry = 3,

        /// <summary>The end; its round is the model's version.</summary>
        End = 4,
    }

    public static byte[] Write(FrameKind kind, uint round, int part, byte[] content)
    {
        var frame = new JournalFrame(kind, round, part, content.Length);
        return [.. frame.Place(), .. frame.Hash(content), .. content];
    }

    public static JournalFrame Read(ReadOnlySpan<byte> header) => new(
        (FrameKind)header[0], BinaryPrimitives.ReadUInt32LittleEndian(header[1..]), BinaryPrimitives.ReadInt32LittleEndian(header[5..]), BinaryPrimitives.ReadInt32LittleEndian(header[9..]));

    public bool Matches(ReadOnlySpan<byte> header, byte[] content) => header[PlaceBytes..HeaderBytes].SequenceEqual(Hash(content));

    private byte[] Hash(byte[] content) => SHA256.HashData([.. Place(), .. content]);

    private byte[] Place()
    {
        var bytes = new byte[PlaceBytes];
        bytes[0] = (byte)Kind;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), Round);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(5), Part);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(9), Length);
        return bytes;
    }
}
