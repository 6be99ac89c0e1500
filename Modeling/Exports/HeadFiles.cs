using System.Text.Json;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Exports;

/// <summary>The head beside an adapter: head.safetensors with weight [C, H] and bias [C] on the features, where the job trained one, and head.json with task, labels, pooling and token limit.</summary>
internal static class HeadFiles
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, NewLine = "\n" };

    public static void Write(TrainedModel trained, string folder)
    {
        if (trained.Head is { } head)
            SafetensorsWriter.Write(
                Path.Combine(folder, "head.safetensors"),
                [SafetensorsTensor.Float32("weight", [head.Classes, head.Features], head.Weight), SafetensorsTensor.Float32("bias", [head.Classes], head.Bias)],
                new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.WriteText(
            Path.Combine(folder, "head.json"),
            JsonSerializer.Serialize(new { task = TaskNames.Of(trained.Task), labels = trained.Labels, pooling = trained.Model.Manifest.Pooling.ToString().ToLowerInvariant(), max_tokens = trained.MaxTokens }, Json) + "\n");
    }
}
