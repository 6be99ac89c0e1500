using FwdLLM.Learning;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Adapters;

/// <summary>An <see cref="AdapterSpec"/> laid over one model: the adapter, and the layout of θ.</summary>
internal sealed class AdapterPlan
{
    private AdapterPlan(AdapterSpec spec, Adapter adapter)
    {
        (Spec, Adapter) = (spec, adapter);
        var blocks = new List<AdapterBlock>();
        foreach (var parameter in adapter.Parameters)
            blocks.Add(new AdapterBlock(parameter.Name, blocks.Count == 0 ? 0 : blocks[^1].Offset + blocks[^1].Length, parameter.Length, parameter.InitialBound));
        Layout = new AdapterLayout(blocks);
    }

    /// <summary>The specification with its targets by name, in the order of computation.</summary>
    public AdapterSpec Spec { get; }

    public Adapter Adapter { get; }

    public AdapterLayout Layout { get; }

    /// <summary>Lays the specification over a model.</summary>
    /// <param name="spec">Checked here.</param>
    /// <param name="config">Sizes.</param>
    /// <param name="pooling">How features are pooled.</param>
    /// <param name="weights">Where kinds that freeze part of the base model find it; null when that is written already.</param>
    /// <exception cref="ArgumentException">The specification does not fit the model.</exception>
    public static AdapterPlan Create(AdapterSpec spec, ModelConfig config, PoolingKind pooling, ITensorSource? weights)
    {
        if (spec.FirstLayer < 0 || spec.FirstLayer >= config.Layers)
            throw new ArgumentException($"Adapter first layer {spec.FirstLayer} is not one of the model's layers 0 to {config.Layers - 1}.", nameof(spec));
        if (spec.FirstLayer > 0 && KnownArchitectures.Get(config.Architecture).SharesBlocks)
            throw new ArgumentException($"Adapter first layer {spec.FirstLayer} cannot be had: all blocks of {config.Architecture} share their weights, so all are adapted. Use 0.", nameof(spec));
        spec = Normalize(spec, config);
        var places = Places(config, pooling).Where(place => place.Layer >= spec.FirstLayer).ToList();
        return new AdapterPlan(spec, AdapterKinds.Get(spec.Kind).Create(spec, places, weights));
    }

    /// <summary>The specification with one order of targets, whichever the caller used: equal adapters get equal specifications.</summary>
    /// <exception cref="ArgumentException">A target is not known, or there is none.</exception>
    public static AdapterSpec Normalize(AdapterSpec spec, ModelConfig config) =>
        AdapterKinds.Get(spec.Kind).Normalize(spec, config, Places(config, PoolingKind.Pooler));

    /// <summary>Every place of a model; one that several blocks share comes once.</summary>
    public static IReadOnlyList<AdapterPlace> Places(ModelConfig config, PoolingKind pooling) =>
        [.. KnownArchitectures.Get(config.Architecture).Places(config, pooling).DistinctBy(place => (place.Kind, place.Module))];
}
