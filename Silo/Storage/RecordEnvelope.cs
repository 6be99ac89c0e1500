using System.Security.Cryptography;

namespace FwdLLM.Silo.Storage;

/// <summary>
/// What every backend stores for a state: [1 byte format][32 bytes SHA-256 of the payload][payload]. The format is of the envelope;
/// the state inside has a format number of its own.
/// </summary>
public static class RecordEnvelope
{
    /// <summary>Format this build reads and writes.</summary>
    public const byte Format = 1;

    private const int HeaderBytes = 1 + SHA256.HashSizeInBytes;

    /// <summary>Puts a payload into its envelope.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> payload)
    {
        var record = new byte[HeaderBytes + payload.Length];
        record[0] = Format;
        SHA256.HashData(payload, record.AsSpan(1));
        payload.CopyTo(record.AsSpan(HeaderBytes));
        return record;
    }

    /// <summary>The payload, checked.</summary>
    /// <param name="record">Bytes of the store.</param>
    /// <param name="subject">What it is, first words of an error.</param>
    /// <exception cref="GrainStorageException">Too short, of another format, or damaged.</exception>
    public static ReadOnlyMemory<byte> Open(ReadOnlyMemory<byte> record, string subject)
    {
        if (record.Length < HeaderBytes)
            throw new GrainStorageException($"{subject} is damaged: {record.Length} bytes are less than its header of {HeaderBytes}. It was left as it is; restore it from a backup.");
        var header = record.Span[..HeaderBytes];
        if (header[0] != Format)
            throw new GrainStorageException($"{subject} has record format {header[0]}; this build reads {Format}. It was left as it is; run the build that wrote it or a newer one, or restore it from a backup if it is damaged.");
        var payload = record[HeaderBytes..];
        if (!SHA256.HashData(payload.Span).AsSpan().SequenceEqual(header[1..]))
            throw new GrainStorageException($"{subject} is damaged: its checksum does not match. It was left as it is; restore it from a backup.");
        return payload;
    }
}
