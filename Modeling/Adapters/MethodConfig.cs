using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// adapter_config.json of the kinds that PEFT does not have. <c>method</c> names the kind; tensors have the model's parameter
/// names (AdapterHub's for inserted layers), so any program can read them with the definition that stands beside.
/// </summary>
internal sealed class MethodConfig(string path, JsonElement root)
{
    private const string Format = "FwdLLM.Orleans (not a PEFT library format)";

    /// <summary>Lowest adapted block.</summary>
    public int FirstLayer => Whole("first_layer") ?? 0;

    /// <summary>Names of adapted parts, or null where the file has none.</summary>
    public IReadOnlyList<string>? Targets
    {
        get
        {
            if (!JsonFile.TryGet(root, "targets", out var element))
                return null;
            if (element.ValueKind != JsonValueKind.Array || element.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
                throw Refused("targets", element, "a list of names");
            return [.. element.EnumerateArray().Select(item => item.GetString()!)];
        }
    }

    public bool Is(string kind) => JsonFile.TryGet(root, "method", out var method) && method.ValueKind == JsonValueKind.String && method.GetString() == kind;

    public int? Whole(string key)
    {
        if (!JsonFile.TryGet(root, key, out var element))
            return null;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) && value >= 0 ? value : throw Refused(key, element, "a whole number");
    }

    public void Require(string key, string expected)
    {
        if (JsonFile.TryGet(root, key, out var element) && element.ToString() != expected)
            throw Refused(key, element, expected);
    }

    public CheckpointException Missing(string key) => new($"{path} has no '{key}'; export the adapter again.");

    /// <summary>Writes what the constructor reads.</summary>
    public static void Write(Utf8JsonWriter json, SavedAdapter saved, string definition, string? activation = null)
    {
        json.WriteString("base_model_name_or_path", saved.BaseModel);
        if (activation is not null)
            json.WriteNumber("bottleneck", saved.Spec.Rank);
        json.WriteString("definition", definition);
        json.WriteNumber("first_layer", saved.Spec.FirstLayer);
        json.WriteString("format", Format);
        json.WriteString("method", saved.Spec.Kind);
        PeftJson.WriteHeads(json, saved.Heads);
        if (activation is not null)
            json.WriteString("non_linearity", activation);
        if (saved.Spec.Targets.Count > 0)
            PeftJson.WriteNames(json, "targets", saved.Spec.Targets);
        json.WriteString("task_type", PeftJson.TaskName(saved.Task));
    }

    private CheckpointException Refused(string key, JsonElement value, string expected) => PeftJson.Refused(path, key, value, expected);
}
