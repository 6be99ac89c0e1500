using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Adapters;

/// <summary>One kind of adapter: lays itself over the places of any architecture.</summary>
internal abstract class AdapterKind
{
    /// <summary>Name in <see cref="AdapterSpec.Kind"/>.</summary>
    public abstract string Name { get; }

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
}
