using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;

namespace FwdLLM.Learning.Training;

/// <summary>
/// What leads from the bytes of one <see cref="ModelSnapshot"/> to those of another: the differences of their 32-bit words, byte
/// plane by byte plane, compressed. Parts that stay the same take nothing, a small step leaves the high planes nearly empty, and
/// the result is exact. Where that is not smaller, or there is nothing to start from, it is the whole.
/// </summary>
public static class SnapshotChanges
{
    /// <summary>Form and length.</summary>
    private const int HeaderBytes = 5;

    /// <summary>Brotli's quality and window: above 5 the time grows and the size does not.</summary>
    private const int Quality = 5, Window = 22;

    private enum Form : byte
    {
        Whole = 0,
        WholePlanes = 1,
        DifferencePlanes = 2,
    }

    /// <summary>The changes.</summary>
    /// <param name="from">Bytes of the snapshot the reader has; empty for none.</param>
    /// <param name="to">Bytes of the snapshot it should get.</param>
    public static byte[] Write(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        var best = Frame(Form.Whole, to.Length, to);
        foreach (var form in new[] { Form.WholePlanes, Form.DifferencePlanes })
        {
            // Of different length they have parts in different places.
            if (form == Form.DifferencePlanes && from.Length != to.Length) continue;
            var compressed = new byte[best.Length - HeaderBytes];
            if (BrotliEncoder.TryCompress(ToPlanes(form, from, to), compressed, out var length, Quality, Window) && length < compressed.Length)
                best = Frame(form, to.Length, compressed.AsSpan(0, length));
        }

        return best;
    }

    /// <summary>The bytes that <see cref="Write"/> was given as <c>to</c>, if this reader's <paramref name="from"/> are the same; a caller holds them against a hash.</summary>
    /// <param name="from">Bytes of the snapshot the reader has; empty for none.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="most">Most bytes a snapshot may have.</param>
    /// <exception cref="InvalidDataException">Not changes, damaged, too large, or from a snapshot of another length.</exception>
    public static byte[] Apply(ReadOnlySpan<byte> from, ReadOnlySpan<byte> changes, int most)
    {
        if (changes.Length < HeaderBytes) throw new InvalidDataException($"Changes of a snapshot have at least {HeaderBytes} bytes; these have {changes.Length}.");
        var form = (Form)changes[0];
        var length = BinaryPrimitives.ReadInt32LittleEndian(changes[1..]);
        if (length < 0 || length > most) throw new InvalidDataException($"The changes claim a snapshot of {length} bytes; at most {most} are taken.");
        var content = changes[HeaderBytes..];
        switch (form)
        {
            case Form.Whole when content.Length == length:
                return content.ToArray();
            case Form.Whole:
                throw new InvalidDataException($"The changes claim a snapshot of {length} bytes and hold {content.Length}.");
            case Form.DifferencePlanes when from.Length != length:
                throw new InvalidDataException($"The changes lead to {length} bytes from as many; the snapshot they are applied to has {from.Length}.");
            case Form.WholePlanes or Form.DifferencePlanes:
                // Brotli can unfold a few bytes to any length, so this much is only taken where the caller allows it.
                var planes = new byte[length];
                return BrotliDecoder.TryDecompress(content, planes, out var written) && written == length
                    ? FromPlanes(form, from, planes)
                    : throw new InvalidDataException($"The changes do not unfold to the {length} bytes they claim; they are damaged.");
            default:
                throw new InvalidDataException($"The changes have form {changes[0]}; this build knows 0 to 2. Update the device agent.");
        }
    }

    private static byte[] Frame(Form form, int length, ReadOnlySpan<byte> content)
    {
        var bytes = new byte[HeaderBytes + content.Length];
        bytes[0] = (byte)form;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), length);
        content.CopyTo(bytes.AsSpan(HeaderBytes));
        return bytes;
    }

    // Word i = bytes 4i to 4i + 3; byte p of all words stands together. A tail of less than a word stays as it is.
    private static byte[] ToPlanes(Form form, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        var (planes, words) = (new byte[to.Length], to.Length / sizeof(uint));
        for (var i = 0; i < words; i++)
        {
            var word = Word(to, i);
            word = form == Form.WholePlanes ? BitOperations.RotateLeft(word, 1) : ZigZag(word - Word(from, i));
            for (var plane = 0; plane < sizeof(uint); plane++) planes[(plane * words) + i] = (byte)(word >> (8 * plane));
        }

        to[(words * sizeof(uint))..].CopyTo(planes.AsSpan(words * sizeof(uint)));
        return planes;
    }

    private static byte[] FromPlanes(Form form, ReadOnlySpan<byte> from, ReadOnlySpan<byte> planes)
    {
        var (bytes, words) = (new byte[planes.Length], planes.Length / sizeof(uint));
        for (var i = 0; i < words; i++)
        {
            var word = 0u;
            for (var plane = 0; plane < sizeof(uint); plane++) word |= (uint)planes[(plane * words) + i] << (8 * plane);
            word = form == Form.WholePlanes ? BitOperations.RotateRight(word, 1) : UnZigZag(word) + Word(from, i);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), word);
        }

        planes[(words * sizeof(uint))..].CopyTo(bytes.AsSpan(words * sizeof(uint)));
        return bytes;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int i) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * sizeof(uint))..]);

    // Small differences of either sign become small numbers.
    private static uint ZigZag(uint difference) => unchecked((difference << 1) ^ (uint)((int)difference >> 31));

    private static uint UnZigZag(uint word) => unchecked((word >> 1) ^ (uint)-(int)(word & 1));
}
