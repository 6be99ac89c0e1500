using FwdLLM.Learning;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Adapters;

/// <summary>An <see cref="AdapterSpec"/> laid over one encoder: the adapter of every place, and the layout of θ (layer, then target in the specification's canonical order, then A before B).</summary>
internal sealed class AdapterPlan
{
    private readonly Dictionary<string, LinearAdapter> _byModule = new(StringComparer.Ordinal);

    private AdapterPlan(IReadOnlyList<LinearAdapter> adapters, AdapterLayout layout)
    {
        Adapters = adapters;
        Layout = layout;
        foreach (var adapter in adapters)
            _byModule.Add(adapter.Module, adapter);
    }

    public IReadOnlyList<LinearAdapter> Adapters { get; }

    public AdapterLayout Layout { get; }

    /// <summary>The adapter of a linear layer, or null where there is none.</summary>
    public LinearAdapter? At(string module) => _byModule.GetValueOrDefault(module);

    /// <summary>Lays the specification over the encoder.</summary>
    /// <param name="spec">Checked here.</param>
    /// <param name="config">Sizes.</param>
    /// <param name="weights">Where LoRA-XS finds the weights that it decomposes; null when the frozen factors exist already.</param>
    /// <exception cref="ArgumentException">The specification does not fit the encoder.</exception>
    public static AdapterPlan Create(AdapterSpec spec, BertConfig config, ITensorSource? weights)
    {
        Check(spec, config);
        var adapters = new List<LinearAdapter>();
        var blocks = new List<AdapterBlock>();
        for (var layer = spec.FirstLayer; layer < config.Layers; layer++)
            foreach (var target in AdapterSpec.AllLinear.Where(spec.Targets.Contains))
            {
                var (path, inputSize, outputSize) = Place(target, config);
                var module = $"encoder.layer.{layer}.{path}";
                LinearAdapter adapter = spec.Kind == AdapterKind.Lora
                    ? new LoraAdapter(module, spec.Rank, inputSize, outputSize, blocks.Count, spec.Alpha / spec.Rank)
                    : new LoraXsAdapter(module, spec.Rank, inputSize, outputSize, blocks.Count, weights is null
                        ? null
                        : () => TruncatedSvd.Of(weights.ReadFloat32(module + ".weight"), outputSize, inputSize, spec.Rank));
                adapters.Add(adapter);
                foreach (var (name, length, bound) in adapter.Blocks)
                    blocks.Add(new AdapterBlock(name, blocks.Count == 0 ? 0 : blocks[^1].Offset + blocks[^1].Length, length, bound));
            }

        return new AdapterPlan(adapters, new AdapterLayout(blocks));
    }

    private static void Check(AdapterSpec spec, BertConfig config)
    {
        if (!Enum.IsDefined(spec.Kind))
            throw new ArgumentException($"Adapter kind {spec.Kind} is not known; use {string.Join(" or ", Enum.GetNames<AdapterKind>())}.", nameof(spec));
        if (spec.FirstLayer < 0 || spec.FirstLayer >= config.Layers)
            throw new ArgumentException($"Adapter first layer {spec.FirstLayer} is not one of the encoder's layers 0 to {config.Layers - 1}.", nameof(spec));
        var unknown = spec.Targets.FirstOrDefault(target => !AdapterSpec.AllLinear.Contains(target));
        if (unknown is not null || spec.Targets.Count == 0)
            throw new ArgumentException($"Adapter target '{unknown}' is not a linear layer of an encoder block; name at least one of {string.Join(", ", AdapterSpec.AllLinear)}.", nameof(spec));
        var smallest = Math.Min(config.HiddenSize, config.IntermediateSize);
        if (spec.Rank < 1 || spec.Rank > smallest)
            throw new ArgumentException($"Adapter rank {spec.Rank} must lie between 1 and {smallest}, the smallest side of an adapted weight.", nameof(spec));
        if (spec.Kind == AdapterKind.Lora && !(float.IsFinite(spec.Alpha) && spec.Alpha > 0))
            throw new ArgumentException($"LoRA alpha {spec.Alpha} must be a positive number.", nameof(spec));
    }

    private static (string Path, int In, int Out) Place(string target, BertConfig config) => target switch
    {
        "query" or "key" or "value" => ($"attention.self.{target}", config.HiddenSize, config.HiddenSize),
        "attention.output" => ("attention.output.dense", config.HiddenSize, config.HiddenSize),
        "intermediate" => ("intermediate.dense", config.HiddenSize, config.IntermediateSize),
        "output" => ("output.dense", config.IntermediateSize, config.HiddenSize),
        _ => throw new ArgumentException($"Adapter target '{target}' is not a linear layer of an encoder block.", nameof(target)),
    };
}
