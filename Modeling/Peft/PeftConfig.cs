using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Peft;

/// <summary>What the configurations of PEFT's kinds have in common: which layers are adapted, and which are saved whole.</summary>
internal abstract class PeftConfig
{
    private readonly List<string> _saved;

    protected PeftConfig(string path, JsonElement root, string type)
    {
        Path = path;
        if (!JsonFile.TryGet(root, "peft_type", out var found))
            throw Missing("peft_type");
        if (found.ToString() != type)
            throw Refused("peft_type", found, type);
        RefuseTrue(root, "fan_in_fan_out");
        RefuseGiven(root, "exclude_modules");
        _saved = ReadNames(root, "modules_to_save");
        Targets = ReadTargets(root);
        TaskType = ReadText(root, "task_type");
        BaseModel = ReadText(root, "base_model_name_or_path");
    }

    /// <summary>Adapted layers by the end of their names; null for every linear layer.</summary>
    public IReadOnlyList<string>? Targets { get; }

    public string? TaskType { get; }

    public string? BaseModel { get; }

    protected string Path { get; }

    /// <summary>Whether a configuration says that it is of this type.</summary>
    public static bool IsType(JsonElement root, string type) => JsonFile.TryGet(root, "peft_type", out var found) && found.ToString() == type;

    /// <summary>Whether a layer is one of modules_to_save, or lies in one.</summary>
    public bool IsSaved(string module) =>
        _saved.Any(saved => $".{module}.".Contains($".{saved}.", StringComparison.Ordinal));

    /// <summary>The adapted layers: their places, their targets, and the lowest block.</summary>
    /// <exception cref="CheckpointException">There are none, or they are not the same in every block from the lowest up.</exception>
    public (IReadOnlyList<AdapterPlace> Places, IReadOnlyList<string> Targets, int FirstLayer) Adapted(Architecture architecture, IReadOnlyList<AdapterPlace> places)
    {
        var linear = places.Where(place => place is { Kind: PlaceKind.Linear, Target: not null }).ToList();
        var chosen = Targets is { } names ? linear.Where(place => names.Any(name => Matches(place.Module, architecture.Normalize(name)))).ToList() : linear;
        if (chosen.Count == 0)
            throw new CheckpointException($"{Path}: target_modules names no linear layer of a {architecture.Name} block; the adapter belongs to another model.");
        var targets = chosen.Select(place => place.Target!).Distinct().ToList();
        var firstLayer = chosen.Min(place => place.Layer);
        return linear.Count(place => place.Layer >= firstLayer && targets.Contains(place.Target!)) == chosen.Count
            ? (chosen, targets, firstLayer)
            : throw new CheckpointException($"{Path}: blocks differ in adapted layers; only an adapter that is the same in all blocks from the lowest adapted one up is trained.");
    }

    protected void RefuseTrue(JsonElement root, params ReadOnlySpan<string> flags)
    {
        foreach (var flag in flags)
            if (JsonFile.TryGet(root, flag, out var value) && value.ValueKind != JsonValueKind.False)
                throw Refused(flag, value, "false");
    }

    protected void RefuseGiven(JsonElement root, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
            if (JsonFile.TryGet(root, key, out var value))
                throw Refused(key, value, "null");
    }

    protected List<string> ReadNames(JsonElement root, string name)
    {
        if (!JsonFile.TryGet(root, name, out var element))
            return [];
        if (element.ValueKind != JsonValueKind.Array || element.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || item.GetString()!.Length == 0))
            throw Refused(name, element, "a list of names");
        return [.. element.EnumerateArray().Select(item => item.GetString()!)];
    }

    protected CheckpointException Missing(string key) => new($"{Path} has no '{key}'; save the adapter with PEFT's save_pretrained.");

    protected CheckpointException Refused(string key, JsonElement value, string expected) => PeftJson.Refused(Path, key, value, expected);

    // As PEFT: the whole name, or its end after a dot.
    private static bool Matches(string module, string name) => module == name || module.EndsWith("." + name, StringComparison.Ordinal);

    private List<string>? ReadTargets(JsonElement root)
    {
        if (!JsonFile.TryGet(root, "target_modules", out var element) || element.ValueKind != JsonValueKind.String)
            return ReadNames(root, "target_modules");
        return element.GetString() == "all-linear" ? null : throw Refused("target_modules", element, "a list of names, or all-linear");
    }

    private static string? ReadText(JsonElement root, string name) =>
        JsonFile.TryGet(root, name, out var element) && element.ValueKind == JsonValueKind.String ? element.GetString() : null;
}
