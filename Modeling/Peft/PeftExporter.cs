using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Peft;

/// <summary>
/// Writes adapter_config.json and adapter_model.safetensors as Hugging Face PEFT's <c>save_pretrained</c> does, so that
/// <c>PeftModel.from_pretrained</c> loads them. Equal input gives equal bytes.
/// </summary>
public static class PeftExporter
{
    /// <summary>File name of the configuration.</summary>
    public const string ConfigFile = "adapter_config.json";

    /// <summary>File name of the weights.</summary>
    public const string WeightsFile = "adapter_model.safetensors";

    internal const string KeyPrefix = "base_model.model.";
    internal const string SuffixA = ".lora_A.weight";
    internal const string SuffixB = ".lora_B.weight";

    /// <summary>The name of a layer inside the model class of a task: with the architecture's prefix, for example <c>bert.</c>, where the class has a head.</summary>
    /// <param name="config">The model.</param>
    /// <param name="task">The task.</param>
    /// <param name="layer">Name without prefix, for example <c>encoder.layer.0.attention.self.query</c>.</param>
    public static string ModuleName(ModelConfig config, PeftTask task, string layer) =>
        task == PeftTask.FeatureExtraction ? layer : KnownArchitectures.Get(config.Architecture).FullName(layer);

    /// <summary>Writes an adapter; the folder is created if need be.</summary>
    /// <param name="folder">Target folder.</param>
    /// <param name="matrices">At least one; ranks and scalings may differ between layers.</param>
    /// <param name="heads">Layers saved whole; may be empty.</param>
    /// <param name="task">Task type.</param>
    /// <param name="baseModel">Name or path of the base model, recorded for PEFT's loader.</param>
    /// <exception cref="ArgumentException">No matrices, a layer named twice, an array that does not fit its sizes, or a value that is not finite.</exception>
    public static void Write(string folder, IReadOnlyList<LoraMatrices> matrices, IReadOnlyList<PeftHead> heads, PeftTask task, string baseModel)
    {
        var ordered = matrices.OrderBy(matrix => matrix.Module, StringComparer.Ordinal).ToList();
        if (ordered.Count == 0)
            throw new ArgumentException("There is no LoRA matrix to write; PEFT needs at least one target module.", nameof(matrices));
        var tensors = ordered.SelectMany(matrix => new[]
        {
            (matrix.Module + SuffixA, new[] { matrix.Rank, matrix.In }, matrix.A),
            (matrix.Module + SuffixB, [matrix.Out, matrix.Rank], matrix.B),
        });
        // What most layers have goes into r and lora_alpha, the others into the patterns.
        var (rank, alpha) = ordered.GroupBy(RankAndAlpha).MaxBy(group => group.Count())!.Key;
        var config = new LoraConfigWriter(rank, alpha, RankStabilised: false, ordered.Select(matrix => matrix.Module))
        {
            Ranks = [.. ordered.Where(matrix => matrix.Rank != rank).Select(matrix => (matrix.Module, matrix.Rank))],
            Alphas = [.. ordered.Select(matrix => (matrix.Module, RankAndAlpha(matrix).Alpha)).Where(other => other.Alpha != alpha)],
        };
        Write(folder, KeyPrefix, tensors, heads, json => config.Write(json, heads, task, baseModel));
    }

    /// <summary>Writes both files of any kind of adapter.</summary>
    /// <param name="folder">Target folder; created if need be.</param>
    /// <param name="prefix">What stands before every tensor's name.</param>
    /// <param name="tensors">Name without prefix, shape and values.</param>
    /// <param name="heads">Layers saved whole.</param>
    /// <param name="writeConfig">Writes the configuration's properties.</param>
    internal static void Write(string folder, string prefix, IEnumerable<(string Name, int[] Shape, float[] Values)> tensors, IReadOnlyList<PeftHead> heads, Action<Utf8JsonWriter> writeConfig)
    {
        var all = tensors
            .Concat(heads.Select(head => (head.Module + ".weight", new[] { head.Out, head.In }, head.Weight)))
            .Concat(heads.Where(head => head.Bias is not null).Select(head => (head.Module + ".bias", new[] { head.Out }, head.Bias!)))
            .Select(tensor => Tensor(prefix + tensor.Item1, tensor.Item2, tensor.Item3))
            .ToList();
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(Path.Combine(folder, WeightsFile), all, new Dictionary<string, string> { ["format"] = "pt" });
        // The configuration last: a folder with one is complete.
        AtomicFile.Write(Path.Combine(folder, ConfigFile), stream =>
        {
            using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
            json.WriteStartObject();
            writeConfig(json);
            json.WriteEndObject();
        });
    }

    private static SafetensorsTensor Tensor(string name, int[] shape, float[] values)
    {
        var index = Array.FindIndex(values, value => !float.IsFinite(value));
        if (index >= 0)
            throw new ArgumentException($"'{name}' holds {values[index]} at {index}; only finite weights are exported.", nameof(values));
        return SafetensorsTensor.Float32(name, shape, values);
    }

    // PEFT computes alpha / r in double; a float times a small integer is exact there, so the scaling comes back unchanged.
    private static (int Rank, double Alpha) RankAndAlpha(LoraMatrices matrix) => (matrix.Rank, (double)matrix.Scaling * matrix.Rank);
}
