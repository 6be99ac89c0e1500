namespace FwdLLM.Modeling.Adapters;

/// <summary>The kinds of adapter that can be trained.</summary>
public static class AdapterKinds
{
    /// <summary>ΔW = (α/r)·B A with B [out, r] and A [r, in] trained (Hu et al., arXiv 2106.09685).</summary>
    public const string Lora = "lora";

    /// <summary>ΔW = U R Σ Vᵀ: frozen top-r singular vectors of W, only R [r, r] trained, zero at start (arXiv 2405.17604).</summary>
    public const string LoraXs = "lora-xs";

    /// <summary>(IA)³: outputs or inputs of linear layers scaled by l, of which l − 1 is trained (Liu et al., arXiv 2205.05638).</summary>
    public const string Ia3 = "ia3";

    /// <summary>BitFit: biases, of which the change is trained (Ben Zaken et al., arXiv 2106.10199).</summary>
    public const string BitFit = "bitfit";

    /// <summary>A bottleneck with swish after attention and one after the feed-forward layer of each block (Houlsby et al., arXiv 1902.00751).</summary>
    public const string Houlsby = "houlsby";

    /// <summary>A bottleneck with ReLU after the feed-forward layer of each block (Pfeiffer et al., arXiv 2005.00247).</summary>
    public const string Pfeiffer = "pfeiffer";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names => [.. All.Select(kind => kind.Name)];

    internal static IReadOnlyList<AdapterKind> All { get; } = [new LoraKind(), new LoraXsKind(), new Ia3Kind(), new BitFitKind(), new HoulsbyKind(), new PfeifferKind()];

    /// <summary>The kind of this name.</summary>
    /// <exception cref="ArgumentException">It is not known.</exception>
    internal static AdapterKind Get(string name) => All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new ArgumentException($"Adapter kind '{name}' is not known; use {string.Join(" or ", Names)}.", nameof(name));
}
