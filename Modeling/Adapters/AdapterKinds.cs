namespace FwdLLM.Modeling.Adapters;

/// <summary>The kinds of adapter that can be trained.</summary>
public static class AdapterKinds
{
    /// <summary>ΔW = (α/r)·B A with B [out, r] and A [r, in] trained (Hu et al., arXiv 2106.09685).</summary>
    public const string Lora = "lora";

    /// <summary>ΔW = U R Σ Vᵀ: frozen top-r singular vectors of W, only R [r, r] trained, zero at start (arXiv 2405.17604).</summary>
    public const string LoraXs = "lora-xs";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names => [.. All.Select(kind => kind.Name)];

    internal static IReadOnlyList<AdapterKind> All { get; } = [new LoraKind(), new LoraXsKind()];

    /// <summary>The kind of this name.</summary>
    /// <exception cref="ArgumentException">It is not known.</exception>
    internal static AdapterKind Get(string name) => All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new ArgumentException($"Adapter kind '{name}' is not known; use {string.Join(" or ", Names)}.", nameof(name));
}
