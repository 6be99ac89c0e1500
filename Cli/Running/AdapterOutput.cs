using System.Text.Json;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Cli.Running;

/// <summary>
/// Writes what a run was for: the adapter in PEFT's format where PEFT has its kind, and the head beside it as a plain linear layer on the
/// features (the standardisation is folded in), with its labels. A head that is the model's own output layer is not written.
/// </summary>
internal static class AdapterOutput
{
    /// <summary>Folder of the adapter inside the output folder.</summary>
    public const string Folder = "adapter";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>Writes a version of a job's model.</summary>
    /// <param name="folder">Target folder; created if need be.</param>
    /// <param name="model">The compiled model the job ran on.</param>
    /// <param name="job">The job.</param>
    /// <param name="snapshot">The version.</param>
    /// <param name="baseModel">Name of the base model, recorded for PEFT's loader.</param>
    public static void Write(string folder, CompiledModel model, JobSpec job, ModelSnapshot snapshot, string baseModel)
    {
        Directory.CreateDirectory(folder);
        var outputs = snapshot.Head.Length / (snapshot.FeatureMean.Length + 1);
        if (outputs > 0)
        {
            var (weight, bias) = FoldedHead(snapshot, outputs);
            SafetensorsWriter.Write(
                Path.Combine(folder, "head.safetensors"),
                [SafetensorsTensor.Float32("weight", [bias.Length, snapshot.FeatureMean.Length], weight), SafetensorsTensor.Float32("bias", [bias.Length], bias)],
                new Dictionary<string, string> { ["format"] = "pt" });
        }

        File.WriteAllText(
            Path.Combine(folder, "head.json"),
            JsonSerializer.Serialize(new { task = TaskNames.Of((TaskKind)job.Task.Kind), labels = job.Labels, pooling = model.Manifest.Pooling.ToString().ToLowerInvariant(), max_tokens = job.MaxTokens }, Json) + "\n");
        AdapterExport.Write(folder, model, snapshot.Theta, [], PeftTask.FeatureExtraction, baseModel);
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
}
