using System.Text.Json;
using System.Text.RegularExpressions;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Peft;

/// <summary>The parts of a LoRA's adapter_config.json that say what the weights mean.</summary>
internal sealed class LoraConfig : PeftConfig
{
    public const string Type = "LORA";

    private const int MaxRank = 65_536;

    private readonly int _rank;
    private readonly double _alpha;
    private readonly List<(Regex Pattern, double Value)> _ranks;
    private readonly List<(Regex Pattern, double Value)> _alphas;

    public LoraConfig(string path, JsonElement root)
        : base(path, root, Type)
    {
        // Each of these changes what the layer computes, which layers there are, or how matrices are laid out.
        RefuseTrue(root, "use_dora", "use_qalora", "use_bdlora", "lora_bias");
        RefuseGiven(root, "layer_replication", "layers_to_transform", "target_parameters", "trainable_token_indices", "alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config", "velora_config");
        if (JsonFile.TryGet(root, "bias", out var bias) && bias.ToString() != "none")
            throw Refused("bias", bias, "none");
        _rank = CheckRank("r", JsonFile.TryGet(root, "r", out var rank) ? rank : throw Missing("r"));
        _alpha = CheckAlpha("lora_alpha", JsonFile.TryGet(root, "lora_alpha", out var alpha) ? alpha : throw Missing("lora_alpha"));
        RankStabilised = JsonFile.TryGet(root, "use_rslora", out var stabilised) && stabilised.ValueKind == JsonValueKind.True;
        _ranks = ReadPattern(root, "rank_pattern", (key, value) => CheckRank(key, value));
        _alphas = ReadPattern(root, "alpha_pattern", CheckAlpha);
    }

    /// <summary>The scale is α/√r (rsLoRA, arXiv 2312.03732).</summary>
    public bool RankStabilised { get; }

    public static LoraConfig Read(string path)
    {
        using var document = JsonFile.Read(path);
        return new LoraConfig(path, document.RootElement);
    }

    /// <summary>Rank and α of a layer.</summary>
    public (int Rank, double Alpha) Of(string module) => ((int)Lookup(_ranks, module, _rank), Lookup(_alphas, module, _alpha));

    /// <summary>Rank of a layer and the factor of its product: α/r, or α/√r where rank-stabilised.</summary>
    public (int Rank, float Scaling) Scale(string module)
    {
        var (rank, alpha) = Of(module);
        return (rank, (float)(alpha / (RankStabilised ? Math.Sqrt(rank) : rank)));
    }

    // As PEFT: the first pattern that matches the whole name, or its end after a dot.
    private static double Lookup(List<(Regex Pattern, double Value)> patterns, string module, double fallback)
    {
        foreach (var (pattern, value) in patterns)
            if (pattern.IsMatch(module))
                return value;
        return fallback;
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
            throw new CheckpointException($"{Path}: {name} has the pattern '{pattern}', which is not read ({error.Message}); use plain module names.", error);
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
}
