using System.Text.Json.Serialization;

namespace FwdLLM.Modeling.Adapters;

/// <summary>Which adapter to compile into a model.</summary>
/// <param name="Kind">The kind: one of <see cref="AdapterKinds.Names"/>.</param>
/// <param name="Rank">r; of a bottleneck adapter the width between its two layers. Not used by (IA)³ and BitFit.</param>
/// <param name="Alpha">LoRA's α; the scale is α/r. Not used by other kinds.</param>
/// <param name="Targets">Names of linear layers within a block, or <see cref="AllLinear"/>. BERT's blocks have query, key, value, attention.output, intermediate and output; other architectures use these names for the same parts. BitFit knows two more names and <see cref="AllBiases"/>; bottleneck adapters, whose places are fixed, have none.</param>
/// <param name="FirstLayer">Lowest adapted block; everything below is the frozen prefix.</param>
public sealed record AdapterSpec(string Kind, int Rank, float Alpha, IReadOnlyList<string> Targets, int FirstLayer = 0)
{
    /// <summary>Every linear layer of a block, whatever the architecture calls them; PEFT's word for it.</summary>
    public static readonly IReadOnlyList<string> AllLinear = ["all-linear"];

    /// <summary>BitFit's every bias: of linear layers, of norms, and of what the classifier reads.</summary>
    public static readonly IReadOnlyList<string> AllBiases = ["all-biases"];

    // Optional fields are left out of JSON at their defaults, so that adding one leaves the manifests of other adapters as they are.

    /// <summary>LoRA: the scale is α/√r instead of α/r (rsLoRA, arXiv 2312.03732).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool RankStabilised { get; init; }

    /// <summary>(IA)³: those of <see cref="Targets"/> whose input is scaled instead of their output, PEFT's feedforward_modules; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public IReadOnlyList<string>? FeedForward { get; init; }

    /// <summary>Bottleneck adapters: the width is H divided by this, rounded down; 0 where <see cref="Rank"/> gives it. Laid over a model it becomes the rank.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Reduction { get; init; }

    /// <summary>The default recipe: LoRA-XS, rank 8, every linear layer.</summary>
    public static AdapterSpec Default { get; } = new(AdapterKinds.LoraXs, 8, 8, AllLinear);

    /// <summary>The common LoRA: rank 8, query and value.</summary>
    public static AdapterSpec LoraQueryValue { get; } = new(AdapterKinds.Lora, 8, 16, ["query", "value"]);

    /// <summary>(IA)³ as its authors place it: key and value, and the input of the feed-forward layer's second half.</summary>
    public static AdapterSpec Ia3 { get; } = new(AdapterKinds.Ia3, 0, 0, ["key", "value", "output"]) { FeedForward = ["output"] };

    /// <summary>Every bias.</summary>
    public static AdapterSpec BitFit { get; } = new(AdapterKinds.BitFit, 0, 0, AllBiases);

    /// <summary>Two bottlenecks a block, H/16 wide: AdapterHub's DoubleSeqBnConfig.</summary>
    public static AdapterSpec Houlsby { get; } = new(AdapterKinds.Houlsby, 0, 0, []) { Reduction = 16 };

    /// <summary>One bottleneck a block, H/16 wide: AdapterHub's SeqBnConfig.</summary>
    public static AdapterSpec Pfeiffer { get; } = Houlsby with { Kind = AdapterKinds.Pfeiffer };
}
