namespace FwdLLM.Modeling.Adapters;

/// <summary>Which kind of adapter is trained.</summary>
public enum AdapterKind
{
    /// <summary>ΔW = (α/r)·B A with B [out, r] and A [r, in] trained (Hu et al., arXiv 2106.09685).</summary>
    Lora,

    /// <summary>ΔW = U R Σ Vᵀ: frozen top-r singular vectors of W, only R [r, r] trained, zero at start (arXiv 2405.17604).</summary>
    LoraXs,
}

/// <summary>Which adapter to compile into a model.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Rank">r.</param>
/// <param name="Alpha">LoRA's α; the scale is α/r. Not used by LoRA-XS.</param>
/// <param name="Targets">Names of linear layers within a block: any of query, key, value, attention.output, intermediate, output.</param>
/// <param name="FirstLayer">Lowest adapted encoder layer; everything below is the frozen prefix.</param>
public sealed record AdapterSpec(AdapterKind Kind, int Rank, float Alpha, IReadOnlyList<string> Targets, int FirstLayer = 0)
{
    /// <summary>The six linear layers of an encoder block.</summary>
    public static readonly IReadOnlyList<string> AllLinear = ["query", "key", "value", "attention.output", "intermediate", "output"];

    /// <summary>The default recipe: LoRA-XS, rank 8, every linear layer.</summary>
    public static AdapterSpec Default { get; } = new(AdapterKind.LoraXs, 8, 8, AllLinear);

    /// <summary>The common LoRA: rank 8, query and value.</summary>
    public static AdapterSpec LoraQueryValue { get; } = new(AdapterKind.Lora, 8, 16, ["query", "value"]);
}
