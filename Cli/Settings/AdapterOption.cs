using System.Globalization;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Cli.Settings;

/// <summary>Reads and writes <c>--adapter</c>: a name, for the kinds that have one a number after a colon, and the lowest adapted layer after an @ where that is not 0.</summary>
public static class AdapterOption
{
    /// <summary>Largest rank or reduction; beyond it an adapter is no smaller than the layer, or one value wide.</summary>
    public const int MaxNumber = 512;

    /// <summary>What can be written, for help.</summary>
    public const string Kinds = "lora-xs, lora or rslora (query and value), lora-all or rslora-all (every linear layer), each with a rank as in lora:8; houlsby or pfeiffer, with a reduction as in pfeiffer:16; ia3; bitfit; @3 at the end adapts only the layers from 3 (counted from 0) up";

    private static readonly IReadOnlyList<Choice> Choices =
    [
        Ranked("lora-xs", AdapterSpec.Default, (spec, rank) => spec with { Rank = rank, Alpha = rank }),
        Ranked("lora", AdapterSpec.LoraQueryValue, (spec, rank) => spec with { Rank = rank, Alpha = 2 * rank }),
        Ranked("lora-all", AdapterSpec.LoraQueryValue with { Targets = AdapterSpec.AllLinear }, (spec, rank) => spec with { Rank = rank, Alpha = 2 * rank }),
        Ranked("rslora", AdapterSpec.LoraQueryValue with { RankStabilised = true }, (spec, rank) => spec with { Rank = rank }),
        Ranked("rslora-all", AdapterSpec.LoraQueryValue with { RankStabilised = true, Targets = AdapterSpec.AllLinear }, (spec, rank) => spec with { Rank = rank }),
        new("ia3", AdapterSpec.Ia3),
        new("bitfit", AdapterSpec.BitFit),
        Reduced("houlsby", AdapterSpec.Houlsby),
        Reduced("pfeiffer", AdapterSpec.Pfeiffer),
    ];

    /// <summary>Reads for example <c>lora-xs</c>, <c>lora:4</c> or <c>ia3</c>. LoRA's α stays at twice the rank, rsLoRA's at 16.</summary>
    /// <exception cref="InputException">Unknown name, or a number where none belongs or out of range.</exception>
    public static AdapterSpec Parse(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
            return ParseKind(text);
        return int.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
            ? ParseKind(text[..at]) with { FirstLayer = layer }
            : throw new InputException($"the adapter \"{text}\" needs the number of a layer after the @, counted from 0, as in {text[..at]}@3.");
    }

    /// <summary>What <see cref="Parse"/> reads back to the same adapter, for one that it gave.</summary>
    public static string Format(AdapterSpec spec)
    {
        var choice = Choices.First(choice => choice.Spec.Kind == spec.Kind && choice.Spec.RankStabilised == spec.RankStabilised
            && (spec.Kind != AdapterKinds.Lora || choice.Spec.Targets.SequenceEqual(spec.Targets) || choice.Spec.Targets == AdapterSpec.AllLinear));
        var number = choice.Number is { } found ? $":{found.Of(spec)}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{choice.Name}{number}{(spec.FirstLayer > 0 ? $"@{spec.FirstLayer}" : "")}");
    }

    private static AdapterSpec ParseKind(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        var choice = Choices.FirstOrDefault(choice => choice.Name == name)
            ?? throw new InputException($"the adapter \"{text}\" is not known; {(NearestName.Find(name, Choices.Select(choice => choice.Name)) is { } near ? $"did you mean {near}? Give" : "give")} {Kinds}.");
        if (colon < 0)
            return choice.Spec;
        if (choice.Number is not { } number)
            throw new InputException($"the adapter \"{text}\" has a number that {name} has no use for; give {name} alone.");
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= MaxNumber
            ? number.With(choice.Spec, value)
            : throw new InputException($"the adapter \"{text}\" needs a {number.Name} from 1 to {MaxNumber} after the colon, as in {name}:8.");
    }

    private static Choice Ranked(string name, AdapterSpec spec, Func<AdapterSpec, int, AdapterSpec> with) => new(name, spec, new Number("rank", with, adapter => adapter.Rank));

    private static Choice Reduced(string name, AdapterSpec spec) =>
        new(name, spec, new Number("reduction", (adapter, reduction) => adapter with { Reduction = reduction }, adapter => adapter.Reduction));

    private sealed record Choice(string Name, AdapterSpec Spec, Number? Number = null);

    private sealed record Number(string Name, Func<AdapterSpec, int, AdapterSpec> With, Func<AdapterSpec, int> Of);
}
