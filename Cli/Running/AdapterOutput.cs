using System.Text.Json;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Cli.Running;

/// <summary>
/// Writes what a run was for: the adapter in PEFT's format, and the head beside it as a plain linear layer on the pooled
/// features (the standardisation is folded in), with its labels.
/// </summary>
internal static class AdapterOutput
{
    /// <summary>Folder of the adapter inside the output folder.</summary>
    public const string Folder = "adapter";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, NewLine = "\n" };

    public static async Task WriteAsync(Prepared prepared, IModelGrain grain, ModelHeader header)
    {
        var snapshot = ModelSnapshot.FromBytes(await ReadAsync(grain, header.Version));
        var folder = Path.Combine(prepared.Settings.Output, Folder);
        Directory.CreateDirectory(folder);
        var (weight, bias) = FoldedHead(snapshot, prepared.Data.Labels.Labels.Count);
        var classes = bias.Length;
        var features = snapshot.FeatureMean.Length;
        SafetensorsWriter.Write(
            Path.Combine(folder, "head.safetensors"),
            [SafetensorsTensor.Float32("weight", [classes, features], weight), SafetensorsTensor.Float32("bias", [classes], bias)],
            new Dictionary<string, string> { ["format"] = "pt" });
        await File.WriteAllTextAsync(
            Path.Combine(folder, "head.json"),
            JsonSerializer.Serialize(new { labels = prepared.Data.Labels.Labels, pooling = prepared.Model.Manifest.Pooling.ToString().ToLowerInvariant(), max_tokens = prepared.Settings.MaxTokens }, Json) + "\n");
        var modules = prepared.Model.ToLora(snapshot.Theta)
            .Select(module => new LoraMatrices(PeftExporter.ModuleName(PeftTask.FeatureExtraction, module.Module), module.Rank, module.Scaling, module.A, module.B, module.Out, module.In));
        PeftExporter.Write(folder, [.. modules], [], PeftTask.FeatureExtraction, Path.GetFileName(Path.TrimEndingDirectorySeparator(prepared.Settings.Model)));
    }

    // W·((x − μ)∘σ) + b = (W∘σ)·x + (b − (W∘σ)·μ)
    private static (float[] Weight, float[] Bias) FoldedHead(ModelSnapshot snapshot, int classes)
    {
        var features = snapshot.FeatureMean.Length;
        var weight = new float[classes * features];
        var bias = new float[classes];
        for (var c = 0; c < classes; c++)
        {
            double offset = snapshot.Head[(classes * features) + c];
            for (var h = 0; h < features; h++)
            {
                var scaled = (double)snapshot.Head[(c * features) + h] * snapshot.FeatureScale[h];
                weight[(c * features) + h] = (float)scaled;
                offset -= scaled * snapshot.FeatureMean[h];
            }

            bias[c] = (float)offset;
        }

        return (weight, bias);
    }

    private static async Task<byte[]> ReadAsync(IModelGrain grain, long version)
    {
        using var bytes = new MemoryStream();
        for (var chunk = await grain.GetSnapshot(version, 0); ; chunk = await grain.GetSnapshot(version, (int)bytes.Length))
        {
            bytes.Write(chunk.Data);
            if (bytes.Length >= chunk.TotalBytes || chunk.Data.Length == 0) return bytes.ToArray();
        }
    }
}
