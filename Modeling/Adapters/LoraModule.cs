namespace FwdLLM.Modeling.Adapters;

/// <summary>A trained adapter of one linear layer in LoRA's form, ΔW = scaling·B·A: what PEFT files hold.</summary>
/// <param name="Module">Layer without model prefix, for example <c>encoder.layer.0.attention.self.query</c>.</param>
/// <param name="Rank">r.</param>
/// <param name="Scaling">Factor of B·A.</param>
/// <param name="A">[r, in], row-major.</param>
/// <param name="B">[out, r], row-major.</param>
/// <param name="In">Input width.</param>
/// <param name="Out">Output width.</param>
public sealed record LoraModule(string Module, int Rank, float Scaling, float[] A, float[] B, int In, int Out);
