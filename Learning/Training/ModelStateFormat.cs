namespace FwdLLM.Learning.Training;

/// <summary>Bytes of a <see cref="ModelState"/>: magic, format version, then the fields in fixed order.</summary>
internal static class ModelStateFormat
{
    private const uint Magic = 0x534D5746; // "FWMS"
    private const int Version = 1;

    public static byte[] Write(ModelState state)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(state.Version);
        writer.Write((byte)state.Stage);
        writer.Write(state.ForwardExamples);
        writer.Write(state.TotalExamples);
        writer.Write(state.ProbeRounds);
        writer.Write(state.HeadEvaluations);
        writer.Write(state.HeadOnlyLoss);
        writer.Write(state.ScalarExponent);
        writer.Write(state.Agreement);
        Binary.Write<float>(writer, state.Theta);
        Binary.Write<float>(writer, state.Head);
        Binary.Write<float>(writer, state.FeatureMean);
        Binary.Write<float>(writer, state.FeatureScale);
        Binary.Write<float>(writer, state.BlockScale);
        Binary.Write<double>(writer, state.FirstMoment);
        Binary.Write<double>(writer, state.SecondMoment);
        Binary.Write<float>(writer, state.LastStep);
        Binary.Write<float>(writer, state.HeadOnlyHead);
        Binary.Write<byte>(writer, state.HeadFit);
        writer.Write(state.Report.Count);
        foreach (var (name, value) in state.Report.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            writer.Write(name);
            writer.Write(value);
        }

        writer.Flush();
        return stream.ToArray();
    }

    public static ModelState Read(ReadOnlySpan<byte> bytes) => Binary.Parse(bytes, "The model state", reader =>
    {
        if (reader.ReadUInt32() != Magic) throw new InvalidDataException("These bytes are no model state: the first four are not 'FWMS'.");
        var version = reader.ReadInt32();
        if (version != Version) throw new InvalidDataException($"The model state has format version {version}; this build reads version {Version}. Use the build that wrote it, or a newer one.");
        return new ModelState
        {
            Version = reader.ReadUInt32(),
            Stage = (TrainingStage)reader.ReadByte(),
            ForwardExamples = reader.ReadInt64(),
            TotalExamples = reader.ReadInt64(),
            ProbeRounds = reader.ReadInt32(),
            HeadEvaluations = reader.ReadInt32(),
            HeadOnlyLoss = reader.ReadDouble(),
            ScalarExponent = reader.ReadInt32(),
            Agreement = reader.ReadDouble(),
            Theta = Binary.Read<float>(reader, "θ"),
            Head = Binary.Read<float>(reader, "The head"),
            FeatureMean = Binary.Read<float>(reader, "The feature mean"),
            FeatureScale = Binary.Read<float>(reader, "The feature scale"),
            BlockScale = Binary.Read<float>(reader, "The block scale"),
            FirstMoment = Binary.Read<double>(reader, "The first moment"),
            SecondMoment = Binary.Read<double>(reader, "The second moment"),
            LastStep = Binary.Read<float>(reader, "The last step"),
            HeadOnlyHead = Binary.Read<float>(reader, "The first head"),
            HeadFit = Binary.Read<byte>(reader, "The head fit"),
            Report = ReadReport(reader),
        };
    });

    private static SortedDictionary<string, double> ReadReport(BinaryReader reader)
    {
        var report = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var count = reader.ReadInt32();
        for (var i = 0; i < count; i++) report[reader.ReadString()] = reader.ReadDouble();
        return report;
    }
}
