using System.Globalization;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Cli.Settings;

/// <summary>Reads and writes <c>--adapter</c>: a kind, and after a colon its rank.</summary>
public static class AdapterOption
{
    /// <summary>Largest rank; beyond it an adapter is no smaller than the layer.</summary>
    public const int MaxRank = 512;

    private static readonly IReadOnlyDictionary<string, AdapterSpec> Kinds = new Dictionary<string, AdapterSpec>(StringComparer.Ordinal)
    {
        ["lora-xs"] = AdapterSpec.Default,
        ["lora"] = AdapterSpec.LoraQueryValue,
        ["lora-all"] = AdapterSpec.LoraQueryValue with { Targets = AdapterSpec.AllLinear },
    };

    /// <summary>Reads for example <c>lora-xs</c> or <c>lora:4</c>. LoRA's α stays at twice the rank.</summary>
    /// <exception cref="InputException">Unknown kind, or a rank out of range.</exception>
    public static AdapterSpec Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        if (!Kinds.TryGetValue(name, out var spec))
            throw new InputException($"the adapter \"{text}\" is not known; give lora-xs, lora or lora-all, with a rank if you like, as in lora-xs:8.");
        if (colon < 0)
            return spec;
        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var rank) || rank is < 1 or > MaxRank)
            throw new InputException($"the adapter \"{text}\" needs a rank from 1 to {MaxRank} after the colon, as in {name}:8.");
        return spec with { Rank = rank, Alpha = spec.Alpha / spec.Rank * rank };
    }

    /// <summary>What <see cref="Parse"/> reads back to the same adapter.</summary>
    public static string Format(AdapterSpec spec)
    {
        var name = spec.Kind == AdapterKinds.LoraXs ? "lora-xs" : spec.Targets.SequenceEqual(AdapterSpec.LoraQueryValue.Targets) ? "lora" : "lora-all";
        return string.Create(CultureInfo.InvariantCulture, $"{name}:{spec.Rank}");
    }
}
