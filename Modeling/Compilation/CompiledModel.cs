using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FwdLLM.Learning;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Compilation;

/// <summary>A folder written by <see cref="ModelCompiler"/>: graphs, weights, tokenizer and the manifest that names them all.</summary>
public sealed class CompiledModel
{
    /// <summary>Name of the manifest.</summary>
    public const string ManifestFile = "manifest.json";

    /// <summary>Name of the file that holds the constants of all graphs.</summary>
    public const string WeightsFile = "weights.bin";

    /// <summary>Name of the file that holds the adapter's frozen factors.</summary>
    public const string FactorsFile = "adapter.bin";

    private const int MaxWidth = 65_536;

    private CompiledModel(string folder, ModelManifest manifest, string manifestSha256)
    {
        Folder = folder;
        Manifest = manifest;
        ManifestSha256 = manifestSha256;
        Layout = new AdapterLayout(manifest.Blocks);
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>What it says of itself.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>Lower-case hexadecimal SHA-256 of the manifest. The manifest names the hash of every file, so this identifies the whole model.</summary>
    public string ManifestSha256 { get; }

    /// <summary>How θ is divided.</summary>
    public AdapterLayout Layout { get; }

    /// <summary>Longest sequence in tokens.</summary>
    public int MaxPositions => Manifest.Config.MaxPositions;

    /// <summary>Opens a folder: reads the manifest and checks that every file is there with its length. Contents are checked by <see cref="Verify"/>.</summary>
    /// <exception cref="InvalidDataException">The folder is not a complete compiled model.</exception>
    public static CompiledModel Open(string folder)
    {
        var path = Path.Combine(folder, ManifestFile);
        if (!File.Exists(path))
            throw new InvalidDataException($"{folder} has no {ManifestFile}; it is not a compiled model.");
        var bytes = File.ReadAllBytes(path);
        var manifest = ModelManifest.FromBytes(bytes);
        foreach (var file in manifest.Files)
        {
            if (file.Name != Path.GetFileName(file.Name) || file.Name is "" or "." or "..")
                throw new InvalidDataException($"{path} names the file '{file.Name}', which is not a plain file name.");
            var found = new FileInfo(Path.Combine(folder, file.Name));
            if (!found.Exists || found.Length != file.Length)
                throw new InvalidDataException($"{found.FullName} should have {file.Length} bytes but {(found.Exists ? $"has {found.Length}" : "is missing")}; fetch or compile the model again.");
        }

        // What is allocated for a batch is a multiple of these.
        if (manifest.RowSize is < 1 or > MaxWidth || manifest.FeatureSize is < 1 or > MaxWidth)
            throw new InvalidDataException($"{path} has rows of {manifest.RowSize} and features of {manifest.FeatureSize} values; widths from 1 to {MaxWidth} are read. Compile the model again.");
        if (!WeightFormats.Known.Contains(manifest.WeightFormat))
            throw new InvalidDataException($"{path} has the weight format '{manifest.WeightFormat}'; known are {string.Join(", ", WeightFormats.Known)}. Compile the model again.");
        CheckEntries(path, WeightsFile, manifest.Weights, manifest);
        CheckEntries(path, FactorsFile, manifest.Factors, manifest);
        return new CompiledModel(folder, manifest, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>Hashes every file.</summary>
    /// <exception cref="InvalidDataException">A file's contents are not what the manifest says.</exception>
    public void Verify()
    {
        foreach (var file in Manifest.Files)
        {
            var actual = Sha256(Path.Combine(Folder, file.Name));
            if (actual != file.Sha256)
                throw new InvalidDataException($"{Path.Combine(Folder, file.Name)} has SHA-256 {actual} but the manifest says {file.Sha256}; fetch or compile the model again.");
        }
    }

    /// <summary>Paths of the tokenizer's files.</summary>
    public IEnumerable<string> TokenizerFiles => Manifest.Files.Select(file => file.Name)
        .Except(Manifest.Graphs.Select(graph => graph.File)).Except([WeightsFile, FactorsFile]).Select(name => Path.Combine(Folder, name));

    /// <summary>Enters how the model was admitted into its manifest, which gives the model another identity: call it before anybody knows the folder.</summary>
    /// <returns>The model as it is now.</returns>
    public CompiledModel WithAdmission(AdmissionRecord record)
    {
        AtomicFile.Write(Path.Combine(Folder, ManifestFile), stream => stream.Write((Manifest with { Admission = record }).ToBytes()));
        return Open(Folder);
    }

    /// <summary>The graph of this name, or null when it was not compiled.</summary>
    public ModelGraph? Graph(string name) => Manifest.Graphs.FirstOrDefault(graph => graph.Name == name);

    /// <summary>The trained adapter in LoRA's form, one entry per adapted layer: exact for LoRA-XS too (B = U·R, A = ΣVᵀ, scaling 1).</summary>
    /// <param name="theta">θ [d].</param>
    /// <exception cref="ArgumentException">θ has another length than the layout.</exception>
    /// <exception cref="NotSupportedException">The adapter's kind has no such form.</exception>
    public IReadOnlyList<LoraModule> ToLora(ReadOnlySpan<float> theta)
    {
        if (theta.Length != Layout.Dimension)
            throw new ArgumentException($"θ has {theta.Length} values; this model's adapter has {Layout.Dimension}.", nameof(theta));
        return Adapter().ToLora(theta, Layout, ReadFactor);
    }

    /// <summary>A tensor of weights.bin that is stored as float32.</summary>
    /// <exception cref="InvalidDataException">There is none of this name, or it is stored otherwise.</exception>
    public float[] ReadFloat32(string name)
    {
        var entry = Manifest.Weights.FirstOrDefault(candidate => candidate.Name == name)
            ?? throw new InvalidDataException($"{Path.Combine(Folder, WeightsFile)} has no tensor '{name}'; compile the model again, with features per token.");
        return entry.Type == ElementType.Float32
            ? Read(WeightsFile, entry)
            : throw new InvalidDataException($"{Path.Combine(Folder, WeightsFile)} has the tensor '{name}' as {entry.Type}; compile the model with float32 weights.");
    }

    /// <summary>The adapter compiled in, without what it froze of the base model.</summary>
    internal Adapter Adapter() => AdapterPlan.Create(Manifest.Adapter, Manifest.Config, Manifest.Pooling, weights: null).Adapter;

    internal static string Sha256(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static void CheckEntries(string path, string file, IReadOnlyList<WeightEntry> entries, ModelManifest manifest)
    {
        var length = manifest.Files.FirstOrDefault(candidate => candidate.Name == file)?.Length ?? 0;
        foreach (var entry in entries)
        {
            // -1 stands for a shape that no file can hold.
            var count = entry.Shape.Aggregate(1L, (product, size) => size < 0 || product < 0 || product > length / Math.Max(size, 1) ? -1 : product * size);
            if (count < 0 || entry.Offset < 0 || entry.Length != count * entry.Type.Size() || entry.Offset > length - entry.Length || entry.Offset % WeightFile.Alignment != 0)
                throw new InvalidDataException($"{path}: tensor '{entry.Name}' [{string.Join(", ", entry.Shape)}] at {entry.Offset} with {entry.Length} bytes does not fit {file} of {length} bytes; compile the model again.");
        }
    }

    /// <summary>The values of a float32 tensor of weights.bin or adapter.bin.</summary>
    internal float[] Read(string file, WeightEntry entry)
    {
        var values = new float[entry.Length / sizeof(float)];
        using var stream = File.OpenRead(Path.Combine(Folder, file));
        stream.Position = entry.Offset;
        stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private float[] ReadFactor(string name) => Read(FactorsFile, Manifest.Factors.FirstOrDefault(candidate => candidate.Name == name)
        ?? throw new InvalidDataException($"{Path.Combine(Folder, FactorsFile)} has no tensor '{name}'; compile the model again."));
}
