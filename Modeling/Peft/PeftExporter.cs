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
        task == PeftTask.FeatureExtraction ? layer : KnownArchitectures.Get(config.Architecture).Prefix + layer;

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
        var tensors = new List<SafetensorsTensor>();
        foreach (var matrix in ordered)
        {
            tensors.Add(Tensor(matrix.Module + SuffixA, [matrix.Rank, matrix.In], matrix.A));
            tensors.Add(Tensor(matrix.Module + SuffixB, [matrix.Out, matrix.Rank], matrix.B));
        }

        foreach (var head in heads)
        {
            tensors.Add(Tensor(head.Module + ".weight", [head.Out, head.In], head.Weight));
            if (head.Bias is not null)
                tensors.Add(Tensor(head.Module + ".bias", [head.Out], head.Bias));
        }

        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(Path.Combine(folder, WeightsFile), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        // The configuration last: a folder with one is complete.
        AtomicFile.Write(Path.Combine(folder, ConfigFile), stream => WriteConfig(stream, ordered, heads, task, baseModel));
    }

    internal static string TaskName(PeftTask task) => task switch
    {
        PeftTask.SequenceClassification => "SEQ_CLS",
        PeftTask.QuestionAnswering => "QUESTION_ANS",
        PeftTask.FeatureExtraction => "FEATURE_EXTRACTION",
        _ => throw new ArgumentOutOfRangeException(nameof(task), task, "Not a PEFT task."),
    };

    private static SafetensorsTensor Tensor(string name, int[] shape, float[] values)
    {
        var index = Array.FindIndex(values, value => !float.IsFinite(value));
        if (index >= 0)
            throw new ArgumentException($"'{name}' holds {values[index]} at {index}; only finite weights are exported.", nameof(values));
        return SafetensorsTensor.Float32(KeyPrefix + name, shape, values);
    }

    private static void WriteConfig(Stream stream, List<LoraMatrices> matrices, IReadOnlyList<PeftHead> heads, PeftTask task, string baseModel)
    {
        // What most layers have goes into r and lora_alpha, the others into the patterns.
        var (rank, alpha) = matrices.GroupBy(RankAndAlpha).MaxBy(group => group.Count())!.Key;
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        WritePattern(json, "alpha_pattern", matrices.Where(matrix => RankAndAlpha(matrix).Alpha != alpha), matrix => json.WriteNumberValue(RankAndAlpha(matrix).Alpha));
        json.WriteNull("auto_mapping");
        json.WriteString("base_model_name_or_path", baseModel);
        json.WriteString("bias", "none");
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("inference_mode", true);
        json.WriteBoolean("init_lora_weights", true);
        json.WriteNull("layers_pattern");
        json.WriteNull("layers_to_transform");
        json.WriteNumber("lora_alpha", alpha);
        json.WriteNumber("lora_dropout", 0.0);
        WriteNames(json, "modules_to_save", heads.Select(head => head.Module.Split('.')[0]).Distinct());
        json.WriteString("peft_type", "LORA");
        json.WriteNumber("r", rank);
        WritePattern(json, "rank_pattern", matrices.Where(matrix => matrix.Rank != rank), matrix => json.WriteNumberValue(matrix.Rank));
        json.WriteNull("revision");
        // Full names: PEFT matches by suffix, and "output.dense" alone would take in attention.output.dense too.
        WriteNames(json, "target_modules", matrices.Select(matrix => matrix.Module));
        json.WriteString("task_type", TaskName(task));
        json.WriteBoolean("use_dora", false);
        json.WriteBoolean("use_rslora", false);
        json.WriteEndObject();
    }

    // PEFT computes alpha / r in double; a float times a small integer is exact there, so the scaling comes back unchanged.
    private static (int Rank, double Alpha) RankAndAlpha(LoraMatrices matrix) => (matrix.Rank, (double)matrix.Scaling * matrix.Rank);

    private static void WritePattern(Utf8JsonWriter json, string name, IEnumerable<LoraMatrices> matrices, Action<LoraMatrices> writeValue)
    {
        json.WriteStartObject(name);
        foreach (var matrix in matrices)
        {
            json.WritePropertyName(matrix.Module);
            writeValue(matrix);
        }

        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        var list = values.ToList();
        if (list.Count == 0)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in list)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
