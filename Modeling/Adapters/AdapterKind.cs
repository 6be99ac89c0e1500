using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>One kind of adapter: lays itself over the places of any architecture.</summary>
internal abstract class AdapterKind
{
    /// <summary>Name in <see cref="AdapterSpec.Kind"/>.</summary>
    public abstract string Name { get; }

    /// <summary>What stands before the names of tensors in a saved adapter: PEFT's prefix, unless PEFT has no such kind.</summary>
    public virtual string KeyPrefix => PeftExporter.KeyPrefix;

    /// <summary>The specification with one order of targets, whichever the caller used: equal adapters get equal specifications.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="config">The model.</param>
    /// <param name="places">Every place of the model.</param>
    /// <exception cref="ArgumentException">A target is not known, or there is none.</exception>
    public virtual AdapterSpec Normalize(AdapterSpec spec, ModelConfig config, IReadOnlyList<AdapterPlace> places)
    {
        var known = places.Select(place => place.Target).OfType<string>().Distinct().ToList();
        return spec with { Targets = spec.Targets.SequenceEqual(AdapterSpec.AllLinear) ? known : Ordered(spec.Targets, known, config, AdapterSpec.AllLinear[0]) };
    }

    /// <summary>Takes its places.</summary>
    /// <param name="spec">What is asked for; <see cref="AdapterSpec.Targets"/> are names of linear places in the order of computation.</param>
    /// <param name="places">Every place from the first adapted block up, each module once, in the order of computation.</param>
    /// <param name="weights">The base model's weights; null when what the adapter freezes of them is written already.</param>
    /// <exception cref="ArgumentException">The specification does not fit; the message names field and value.</exception>
    public abstract Adapter Create(AdapterSpec spec, IReadOnlyList<AdapterPlace> places, ITensorSource? weights);

    /// <summary>The specification of an adapter that another program saved, or null where it is of another kind.</summary>
    /// <param name="path">adapter_config.json, for messages.</param>
    /// <param name="config">Its contents.</param>
    /// <param name="architecture">The base model's architecture.</param>
    /// <param name="places">Every place of the base model.</param>
    /// <exception cref="CheckpointException">It is of this kind, but says something that is not supported.</exception>
    public virtual AdapterSpec? Read(string path, JsonElement config, Architecture architecture, IReadOnlyList<AdapterPlace> places) => null;

    /// <summary>Writes the properties of adapter_config.json, in the order of their names: what <see cref="Read"/> reads.</summary>
    /// <exception cref="NotSupportedException">Adapters of this kind are saved as LoRA.</exception>
    public virtual void WriteConfig(Utf8JsonWriter json, SavedAdapter saved) => throw new NotSupportedException($"Adapters of kind '{Name}' have no form of their own.");

    /// <summary>The chosen names in the order of the known ones.</summary>
    protected static IReadOnlyList<string> Ordered(IReadOnlyList<string> chosen, IReadOnlyList<string> known, ModelConfig config, string all)
    {
        var unknown = chosen.FirstOrDefault(target => !known.Contains(target));
        if (unknown is not null || chosen.Count == 0)
            throw new ArgumentException($"Adapter target '{unknown}' is not a part of a {config.Architecture} block; name at least one of {string.Join(", ", known)}, or {all} alone.", nameof(chosen));
        return [.. known.Where(chosen.Contains)];
    }
}
