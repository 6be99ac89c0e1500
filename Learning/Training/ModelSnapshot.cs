namespace FwdLLM.Learning.Training;

/// <summary>What a device needs to work on one version: θ, head, feature standardisation, block scales.</summary>
public sealed record ModelSnapshot
{
    private const uint Magic = 0x4E535746; // "FWSN"
    private const int FormatVersion = 1;

    /// <summary>Version.</summary>
    public required uint Version { get; init; }

    /// <summary>θ [d] (adapter only).</summary>
    public required float[] Theta { get; init; }

    /// <summary>Head weights on standardised features, row-major [C, H], then biases [C].</summary>
    public required float[] Head { get; init; }

    /// <summary>Mean of each feature [H].</summary>
    public required float[] FeatureMean { get; init; }

    /// <summary>1/standard deviation of each feature [H].</summary>
    public required float[] FeatureScale { get; init; }

    /// <summary>Scale of each adapter block [blocks]: a direction's coordinates are its draws times this.</summary>
    public required float[] BlockScale { get; init; }

    /// <summary>Last step in scaled coordinates; empty when the sampling does not need it.</summary>
    public float[] LastStep { get; init; } = [];

    /// <summary>Portable bytes.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(FormatVersion);
        writer.Write(Version);
        foreach (var part in new[] { Theta, Head, FeatureMean, FeatureScale, BlockScale, LastStep }) Binary.Write<float>(writer, part);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    /// <exception cref="InvalidDataException">Not a snapshot, or sizes that do not add up.</exception>
    public static ModelSnapshot FromBytes(ReadOnlySpan<byte> bytes) => Binary.Parse(bytes, "The model snapshot", reader =>
    {
        if (reader.ReadUInt32() != Magic) throw new InvalidDataException("These bytes are no model snapshot: the first four are not 'FWSN'.");
        var format = reader.ReadInt32();
        if (format != FormatVersion) throw new InvalidDataException($"The model snapshot has format version {format}; this build reads version {FormatVersion}. Update the device agent.");
        return new ModelSnapshot
        {
            Version = reader.ReadUInt32(),
            Theta = Binary.Read<float>(reader, "θ"),
            Head = Binary.Read<float>(reader, "The head"),
            FeatureMean = Binary.Read<float>(reader, "The feature mean"),
            FeatureScale = Binary.Read<float>(reader, "The feature scale"),
            BlockScale = Binary.Read<float>(reader, "The block scale"),
            LastStep = Binary.Read<float>(reader, "The last step"),
        };
    });
}
