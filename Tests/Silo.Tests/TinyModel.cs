using System.Security.Cryptography;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Tests;

/// <summary>A compiled model's folder with a genuine manifest over files of arbitrary bytes.</summary>
internal static class TinyModel
{
    /// <summary>Writes the folder and returns the manifest's SHA-256.</summary>
    public static string Write(string folder, params (string Name, byte[] Content)[] files)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, content) in files)
            File.WriteAllBytes(Path.Combine(folder, Path.GetFileName(name)), content);
        var manifest = new ModelManifest
        {
            Format = ModelManifest.CurrentFormat,
            Compiler = 1,
            CheckpointSha256 = new string('0', 64),
            Config = new ModelConfig("bert", 2, 1, 1, 2, 10, 8, 2, 1e-12, "gelu"),
            WeightFormat = WeightFormats.Float32,
            Pooling = default,
            RowSize = 2,
            FeatureSize = 2,
            Adapter = AdapterSpec.Default,
            Blocks = [],
            Graphs = [],
            Weights = [],
            Factors = [],
            Files = [.. files.Select(file => new ModelFile(file.Name, file.Content.Length, Convert.ToHexStringLower(SHA256.HashData(file.Content))))],
        };
        var bytes = manifest.ToBytes();
        File.WriteAllBytes(Path.Combine(folder, CompiledModel.ManifestFile), bytes);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
