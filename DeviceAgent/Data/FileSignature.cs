namespace FwdLLM.DeviceAgent.Data;

/// <summary>Tells by its first bytes what a file is; names and extensions are not trusted.</summary>
internal static class FileSignature
{
    /// <summary>Bytes needed to tell.</summary>
    public const int Length = 8;

    private static readonly (byte[] Magic, string Name, string Remedy)[] Foreign =
    [
        ([0xFF, 0xFE], "UTF-16 text", "convert it with iconv -f UTF-16 -t UTF-8"),
        ([0xFE, 0xFF], "UTF-16 text", "convert it with iconv -f UTF-16 -t UTF-8"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive (or a spreadsheet)", "unpack it, or export it as CSV"),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd", "unpack it, or compress it with gzip"),
        ([0x42, 0x5A, 0x68], "compressed with bzip2", "unpack it, or compress it with gzip"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed with xz", "unpack it, or compress it with gzip"),
        ([0x50, 0x41, 0x52, 0x31], "a Parquet file", "convert it to JSON Lines"),
        ([0x41, 0x52, 0x52, 0x4F, 0x57, 0x31], "an Arrow file", "convert it to JSON Lines"),
    ];

    public static bool IsGzip(ReadOnlySpan<byte> start) => start is [0x1F, 0x8B, ..];

    /// <summary>Refuses what is known to be neither JSON Lines nor CSV.</summary>
    public static void RefuseForeign(string path, ReadOnlySpan<byte> start)
    {
        foreach (var (magic, name, remedy) in Foreign)
            if (start.StartsWith(magic))
                throw new DataException($"{path} is {name}; {remedy}. JSON Lines and CSV, plain or gzipped, can be read.");
    }
}
