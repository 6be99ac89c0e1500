using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Architectures;

/// <summary>Reads single config.json keys, each with its limits.</summary>
internal sealed class ConfigReader(string path, JsonElement root)
{
    public int Integer(string key, int min, int max, int? fallback = null)
    {
        if (!JsonFile.TryGet(root, key, out var element))
            return fallback ?? throw Missing(key);
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) && value >= min && value <= max
            ? value
            : throw new CheckpointException($"{path}: {key} is {Shorten(element)}; a whole number from {min} to {max} is expected.");
    }

    public double Number(string key, double above, double max, double? fallback = null)
    {
        if (!JsonFile.TryGet(root, key, out var element))
            return fallback ?? throw Missing(key);
        return element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) && value > above && value <= max
            ? value
            : throw new CheckpointException($"{path}: {key} is {Shorten(element)}; a number above {above} and at most {max} is expected.");
    }

    public string Require(string key, string fallback, IReadOnlyList<string> supported)
    {
        var value = JsonFile.TryGet(root, key, out var element) ? Shorten(element).Trim('"') : fallback;
        return supported.Contains(value)
            ? value
            : throw new CheckpointException($"{path}: {key} is '{value}'; supported: {string.Join(", ", supported)}. Choose another model.");
    }

    public void RequireMultiple(string key, int value, string divisorKey, int divisor)
    {
        if (value % divisor != 0)
            throw new CheckpointException($"{path}: {key} {value} is not a multiple of {divisorKey} {divisor}; correct the file.");
    }

    public bool Has(string key) => JsonFile.TryGet(root, key, out _);

    public bool Flag(string key, bool fallback) => !JsonFile.TryGet(root, key, out var element) ? fallback : element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new CheckpointException($"{path}: {key} is {Shorten(element)}; true or false is expected."),
    };

    /// <summary>The object under a key, or null where there is none.</summary>
    public ConfigReader? Section(string key) => !JsonFile.TryGet(root, key, out var element) ? null
        : element.ValueKind == JsonValueKind.Object ? new ConfigReader($"{path}: {key}", element)
        : throw new CheckpointException($"{path}: {key} is {Shorten(element)}; an object is expected.");

    public void RefuseTrue(string key, string reason)
    {
        if (JsonFile.TryGet(root, key, out var element) && element.ValueKind != JsonValueKind.False)
            throw new CheckpointException($"{path}: {key} is {Shorten(element)}; {reason}. Choose another model.");
    }

    private CheckpointException Missing(string key) => new($"{path} has no '{key}'; use the config.json that belongs to the weights.");

    private static string Shorten(JsonElement element)
    {
        const int limit = 60;
        var text = element.GetRawText();
        return text.Length <= limit ? text : text[..limit] + "…";
    }
}
