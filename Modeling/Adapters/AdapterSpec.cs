namespace FwdLLM.Modeling.Adapters;

/// <summary>Which adapter to compile into a model.</summary>
/// <param name="Kind">The kind: one of <see cref="AdapterKinds.Names"/>.</param>
/// <param name="Rank">r.</param>
/// <param name="Alpha">LoRA's α; the scale is α/r. Not used by LoRA-XS.</param>
/// <param name="Targets">Names of linear layers within a block, or <see cref="AllLinear"/>. BERT's blocks have query, key, value, attention.output, intermediate and output; other architectures use these names for the same parts.</param>
/// <param name="FirstLayer">Lowest adapted block; everything below is the frozen prefix.</param>
public sealed record AdapterSpec(string Kind, int Rank, float Alpha, IReadOnlyList<string> Targets, int FirstLayer = 0)
{
    /// <summary>Every linear layer of a block, whatever the architecture calls them; PEFT's word for it.</summary>
    public static readonly IReadOnlyList<string> AllLinear = ["all-linear"];

    /// <summary>The default recipe: LoRA-XS, rank 8, every linear layer.</summary>
    public static AdapterSpec Default { get; } = new(AdapterKinds.LoraXs, 8, 8, AllLinear);

    /// <summary>The common LoRA: rank 8, query and value.</summary>
    public static AdapterSpec LoraQueryValue { get; } = new(AdapterKinds.Lora, 8, 16, ["query", "value"]);
}
