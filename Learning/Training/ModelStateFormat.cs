namespace FwdLLM.Learning.Training;

/// <summary>Bytes of a <see cref="ModelState"/>: magic, format version, then the fields in fixed order.</summary>
internal static class ModelStateFormat
{
    private const uint Magic = 0x534D5746; // "FWMS"
    private const int Version = 2;

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
        writer.Write(state.ProbeWorks);
        writer.Write(state.ExactWorks);
        writer.Write(state.NoiseRatio);
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
        if (version is < 1 or > Version) throw new InvalidDataException($"The model state has format version {version}; this build reads 1 to {Version}. Use the build that wrote it, or a newer one.");
        var state = new ModelState
        {
            Version = reader.ReadUInt32(),
            // A stage that means nothing here would read as "training is complete".
            Stage = (TrainingStage)Within(reader.ReadByte(), (int)TrainingStage.Statistics, (int)TrainingStage.Done, "stage"),
            ForwardExamples = Within(reader.ReadInt64(), 0, long.MaxValue, "number of forward examples"),
            TotalExamples = Within(reader.ReadInt64(), 0, long.MaxValue, "number of examples"),
            ProbeRounds = (int)Within(reader.ReadInt32(), 0, int.MaxValue, "number of probe rounds"),
            HeadEvaluations = (int)Within(reader.ReadInt32(), 0, int.MaxValue, "number of head evaluations"),
            HeadOnlyLoss = reader.ReadDouble(),
            ScalarExponent = (int)Within(reader.ReadInt32(), ProbeStage.LeastExponent, ProbeStage.GreatestExponent, "scalar exponent"),
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
        };
        return (version == 1 ? state : ReadMixture(reader, state)) with { Report = ReadReport(reader) };
    });

    // Version 1 knew no counts of exact gradients.
    private static ModelState ReadMixture(BinaryReader reader, ModelState state)
    {
        var works = Within(reader.ReadInt64(), 0, long.MaxValue, "number of contributions to probe rounds");
        var exact = Within(reader.ReadInt64(), 0, works, "number of exact gradients");
        var noise = reader.ReadDouble();
        if (!(noise is > 0 and <= 1)) throw new InvalidDataException($"The model state's noise ratio is {noise}; it is above 0 and at most 1, the data is damaged.");
        return state with { ProbeWorks = works, ExactWorks = exact, NoiseRatio = noise };
    }

    private static SortedDictionary<string, double> ReadReport(BinaryReader reader)
    {
        var report = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var count = Within(reader.ReadInt32(), 0, int.MaxValue, "number of report entries");
        for (var i = 0; i < count; i++)
        {
            var name = reader.ReadString();
            if (!report.TryAdd(name, reader.ReadDouble())) throw new InvalidDataException($"The model state reports '{name}' twice; the data is damaged.");
        }

        return report;
    }

    private static long Within(long value, long low, long high, string what)
        => value >= low && value <= high ? value : throw new InvalidDataException($"The model state's {what} is {value}; it is from {low} to {high}, the data is damaged.");
}
