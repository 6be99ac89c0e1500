using System.Text.Json;

namespace FwdLLM.Modeling.Peft;

/// <summary>A LoRA's adapter_config.json to write.</summary>
/// <param name="Rank">What most layers have.</param>
/// <param name="Alpha">What most layers have.</param>
/// <param name="RankStabilised">The scale is α/√r.</param>
/// <param name="Modules">Full names of the adapted layers.</param>
internal sealed record LoraConfigWriter(int Rank, double Alpha, bool RankStabilised, IEnumerable<string> Modules)
{
    /// <summary>Layers of another rank.</summary>
    public IReadOnlyList<(string Module, int Rank)> Ranks { get; init; } = [];

    /// <summary>Layers of another α.</summary>
    public IReadOnlyList<(string Module, double Alpha)> Alphas { get; init; } = [];

    /// <summary>Writes the properties in the order of their names.</summary>
    public void Write(Utf8JsonWriter json, IReadOnlyList<PeftHead> heads, PeftTask task, string baseModel)
    {
        json.WriteStartObject("alpha_pattern");
        foreach (var (module, alpha) in Alphas)
            json.WriteNumber(module, alpha);
        json.WriteEndObject();
        json.WriteNull("auto_mapping");
        json.WriteString("base_model_name_or_path", baseModel);
        json.WriteString("bias", "none");
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("inference_mode", true);
        json.WriteBoolean("init_lora_weights", true);
        json.WriteNull("layers_pattern");
        json.WriteNull("layers_to_transform");
        json.WriteNumber("lora_alpha", Alpha);
        json.WriteNumber("lora_dropout", 0.0);
        PeftJson.WriteHeads(json, heads);
        json.WriteString("peft_type", LoraConfig.Type);
        json.WriteNumber("r", Rank);
        json.WriteStartObject("rank_pattern");
        foreach (var (module, rank) in Ranks)
            json.WriteNumber(module, rank);
        json.WriteEndObject();
        json.WriteNull("revision");
        // Full names: PEFT matches by suffix, and "output.dense" alone would take in attention.output.dense too.
        PeftJson.WriteNames(json, "target_modules", Modules);
        json.WriteString("task_type", PeftJson.TaskName(task));
        json.WriteBoolean("use_dora", false);
        json.WriteBoolean("use_rslora", RankStabilised);
    }
}
