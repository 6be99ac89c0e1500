using System.Text.Json;
using System.Text.RegularExpressions;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Peft;

/// <summary>The parts of adapter_config.json that say what the weights mean.</summary>
internal sealed class PeftConfig
{
    private const int MaxRank = 65_536;

    private readonly string _path;
    private readonly int _rank;
    private readonly double _alpha;
    private readonly bool _rankStabilised;
    private readonly List<(Regex Pattern, double Value)> _ranks;
    private readonly List<(Regex Pattern, double Value)> _alphas;
    private readonly List<string> _saved;

    public PeftConfig(string path, JsonElement root)
    {
        _path = path;
        RequireType(root);
        // Each of these changes what the layer computes, or how its matrices are laid out.
        foreach (var flag in new[] { "use_dora", "use_qalora", "use_bdlora", "fan_in_fan_out", "lora_bias" })
            if (JsonFile.TryGet(root, flag, out var value) && value.ValueKind != JsonValueKind.False)
                throw Refused(flag, value, "plain LoRA only");
        if (JsonFile.TryGet(root, "bias", out var bias) && bias.ToString() != "none")
            throw Refused("bias", bias, "none");
        if (JsonFile.TryGet(root, "layer_replication", out var replication))
            throw Refused("layer_replication", replication, "null");
        _rank = CheckRank("r", JsonFile.TryGet(root, "r", out var rank) ? rank : throw Missing("r"));
        _alpha = CheckAlpha("lora_alpha", JsonFile.TryGet(root, "lora_alpha", out var alpha) ? alpha : throw Missing("lora_alpha"));
        _rankStabilised = JsonFile.TryGet(root, "use_rslora", out var stabilised) && stabilised.ValueKind == JsonValueKind.True;
        _ranks = ReadPattern(root, "rank_pattern", (key, value) => CheckRank(key, value));
        _alphas = ReadPattern(root, "alpha_pattern", CheckAlpha);
        _saved = ReadNames(root, "modules_to_save");
        Targets = ReadTargets(root);
        TaskType = ReadText(root, "task_type");
        BaseModel = ReadText(root, "base_model_name_or_path");
    }

    /// <summary>Adapted layers by the end of their names; null for every linear layer.</summary>
    public IReadOnlyList<string>? Targets { get; }

    public string? TaskType { get; }

    public string? BaseModel { get; }

    public static PeftConfig Read(string path)
    {
        using var document = JsonFile.Read(path);
        return new PeftConfig(path, document.RootElement);
    }

    /// <summary>Rank of a layer and the factor of its product: α/r, or α/√r where rank-stabilised (arXiv 2312.03732).</summary>
    public (int Rank, float Scaling) Scale(string module)
    {
        var rank = (int)Lookup(_ranks, module, _rank);
        var alpha = Lookup(_alphas, module, _alpha);
        return (rank, (float)(alpha / (_rankStabilised ? Math.Sqrt(rank) : rank)));
    }

    /// <summary>Whether a layer is one of modules_to_save, or lies in one.</summary>
    public bool IsSaved(string module) =>
        _saved.Any(saved => $".{module}.".Contains($".{saved}.", StringComparison.Ordinal));

    // As PEFT: the first pattern that matches the whole name, or its end after a dot.
    private static double Lookup(List<(Regex Pattern, double Value)> patterns, string module, double fallback)
    {
        foreach (var (pattern, value) in patterns)
            if (pattern.IsMatch(module))
                return value;
        return fallback;
    }

    private void RequireType(JsonElement root)
    {
        if (!JsonFile.TryGet(root, "peft_type", out var type))
            throw Missing("peft_type");
        if (type.ToString() != "LORA")
            throw Refused("peft_type", type, "LORA");
    }

    private List<(Regex, double)> ReadPattern(JsonElement root, string name, Func<string, JsonElement, double> check)
    {
        var patterns = new List<(Regex, double)>();
        if (!JsonFile.TryGet(root, name, out var element))
            return patterns;
        if (element.ValueKind != JsonValueKind.Object)
            throw Refused(name, element, "an object of patterns");
        foreach (var property in element.EnumerateObject())
            patterns.Add((Compile(name, property.Name), check($"{name} '{property.Name}'", property.Value)));
        return patterns;
    }

    private Regex Compile(string name, string pattern)
    {
        try
        {
            // The engine without backtracking: a pattern from a stranger's file cannot take forever.
            return new Regex($@"\A(?:.*\.)?(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new CheckpointException($"{_path}: {name} has the pattern '{pattern}', which is not read ({error.Message}); use plain module names.", error);
        }
    }

    private int CheckRank(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var rank) && rank is > 0 and <= MaxRank
            ? rank
            : throw Refused(key, value, $"a whole number from 1 to {MaxRank}");

    private double CheckAlpha(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var alpha) && Math.Abs(alpha) <= 1e9
            ? alpha
            : throw Refused(key, value, "a number of at most 1e9");

    private List<string> ReadNames(JsonElement root, string name)
    {
        if (!JsonFile.TryGet(root, name, out var element))
            return [];
        if (element.ValueKind != JsonValueKind.Array || element.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || item.GetString()!.Length == 0))
            throw Refused(name, element, "a list of names");
        return [.. element.EnumerateArray().Select(item => item.GetString()!)];
    }

    private List<string>? ReadTargets(JsonElement root)
    {
        if (!JsonFile.TryGet(root, "target_modules", out var element) || element.ValueKind != JsonValueKind.String)
            return ReadNames(root, "target_modules");
        return element.GetString() == "all-linear" ? null : throw Refused("target_modules", element, "a list of names, or all-linear");
    }

    private static string? ReadText(JsonElement root, string name) =>
        JsonFile.TryGet(root, name, out var element) && element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    private CheckpointException Missing(string key) => new($"{_path} has no '{key}'; save the adapter with PEFT's save_pretrained.");

    private CheckpointException Refused(string key, JsonElement value, string expected)
    {
        const int limit = 60;
        var text = value.GetRawText();
        return new CheckpointException($"{_path}: {key} is {(text.Length > limit ? text[..limit] + "…" : text)}; supported: {expected}. Train or convert the adapter accordingly.");
    }
}
