using System.Text.Json;
using System.Text.Json.Serialization;
using FwdLLM.Learning;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Compilation;

/// <summary>The contents of a compiled model's manifest.json.</summary>
public sealed record ModelManifest
{
    /// <summary>The format that this code reads and writes.</summary>
    public const int CurrentFormat = 2;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Format of the folder; another number is refused.</summary>
    public required int Format { get; init; }

    /// <summary>Changes whenever the compiler would write other bytes for the same input.</summary>
    public required int Compiler { get; init; }

    /// <summary>Identity of the checkpoint.</summary>
    public required string CheckpointSha256 { get; init; }

    /// <summary>Architecture and sizes.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>How linear weights are stored: one of <see cref="WeightFormats.Known"/>.</summary>
    public required string WeightFormat { get; init; }

    /// <summary>Linear layers that are in float32 all the same: modules.</summary>
    public IReadOnlyList<string> KeepFloat { get; init; } = [];

    /// <summary>How the model's derivatives compare with float32; null where nobody compared them, as for float32 itself.</summary>
    public AdmissionRecord? Admission { get; init; }

    /// <summary>How features are pooled.</summary>
    public required PoolingKind Pooling { get; init; }

    /// <summary>Width of the rows that the prefix hands to the other graphs.</summary>
    public required int RowSize { get; init; }

    /// <summary>H, length of a feature vector.</summary>
    public required int FeatureSize { get; init; }

    /// <summary>The adapter compiled in.</summary>
    public required AdapterSpec Adapter { get; init; }

    /// <summary>Blocks of θ.</summary>
    public required IReadOnlyList<AdapterBlock> Blocks { get; init; }

    /// <summary>The graphs.</summary>
    public required IReadOnlyList<ModelGraph> Graphs { get; init; }

    /// <summary>Tensors of weights.bin.</summary>
    public required IReadOnlyList<WeightEntry> Weights { get; init; }

    /// <summary>Tensors of adapter.bin, the frozen factors that an export needs.</summary>
    public required IReadOnlyList<WeightEntry> Factors { get; init; }

    /// <summary>Every file of the folder except the manifest, in ordinal order of names.</summary>
    public required IReadOnlyList<ModelFile> Files { get; init; }

    /// <summary>UTF-8 JSON; equal manifests give equal bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    /// <exception cref="InvalidDataException">Not a manifest, or of another format.</exception>
    public static ModelManifest FromBytes(ReadOnlySpan<byte> bytes)
    {
        ModelManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<ModelManifest>(bytes, Json) ?? throw new InvalidDataException("The model manifest is the JSON value null; compile the model again.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"The model manifest cannot be read: {error.Message} Compile the model again.", error);
        }

        if (manifest.Format != CurrentFormat)
            throw new InvalidDataException($"The model manifest has format {manifest.Format}; this version reads format {CurrentFormat}. Compile the model again.");
        return manifest;
    }
}
