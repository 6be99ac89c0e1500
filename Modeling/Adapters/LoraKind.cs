using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>LoRA (arXiv 2106.09685): see <see cref="LoraAddition"/>.</summary>
internal sealed class LoraKind : AdapterKind
{
    public override string Name => AdapterKinds.Lora;

    public override Adapter Create(AdapterSpec spec, IReadOnlyList<AdapterPlace> places, ITensorSource? weights)
    {
        if (!(float.IsFinite(spec.Alpha) && spec.Alpha > 0))
            throw new ArgumentException($"LoRA alpha {spec.Alpha} must be a positive number.", nameof(spec));
        return new AdditiveAdapter(spec, places, (place, firstBlock) => new LoraAddition(place.Module, spec.Rank, place.In, place.Out, firstBlock, spec.Alpha / spec.Rank));
    }

    /// <summary>PEFT's LoRA. Rank and scaling must be the same in every layer, and the adapted layers the same in every block from the lowest up.</summary>
    public override AdapterSpec? Read(string path, JsonElement config, Architecture architecture, IReadOnlyList<AdapterPlace> places)
    {
        if (!JsonFile.TryGet(config, "peft_type", out var type) || type.ToString() != "LORA")
            return null;
        var lora = new PeftConfig(path, config);
        var linear = places.Where(place => place is { Kind: PlaceKind.Linear, Target: not null }).ToList();
        var chosen = lora.Targets is { } names ? linear.Where(place => names.Any(name => Matches(place.Module, architecture.Normalize(name)))).ToList() : linear;
        if (chosen.Count == 0)
            throw new CheckpointException($"{path}: target_modules names no linear layer of a {architecture.Name} block; the adapter belongs to another model.");
        var targets = chosen.Select(place => place.Target!).Distinct().ToList();
        var firstLayer = chosen.Min(place => place.Layer);
        var scales = chosen.Select(place => lora.Scale(architecture.Prefix + place.Module)).Distinct().ToList();
        if (scales.Count > 1 || linear.Count(place => place.Layer >= firstLayer && targets.Contains(place.Target!)) != chosen.Count)
            throw new CheckpointException($"{path}: layers differ in rank, scaling or adapted parts; only one LoRA for all blocks from the lowest adapted one up is trained.");
        var (rank, scaling) = scales[0];
        return new AdapterSpec(Name, rank, scaling * rank, targets, firstLayer);
    }

    // As PEFT: the whole name, or its end after a dot.
    private static bool Matches(string module, string name) => module == name || module.EndsWith("." + name, StringComparison.Ordinal);
}
