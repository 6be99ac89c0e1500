namespace FwdLLM.Modeling.Peft;

/// <summary>
/// A low-rank update of one linear layer: W + scaling · B A (Hu et al., arXiv 2106.09685).
/// LoRA-XS fits too, exactly: B = U R and A = Σ Vᵀ with scaling 1.
/// </summary>
/// <param name="Module">Name of the layer in the model it is loaded into, for example <c>bert.encoder.layer.0.attention.self.query</c>.</param>
/// <param name="Rank">r.</param>
/// <param name="Scaling">Factor of the product.</param>
/// <param name="A">[r, in], row-major.</param>
/// <param name="B">[out, r], row-major.</param>
/// <param name="Out">Outputs of the layer.</param>
/// <param name="In">Inputs of the layer.</param>
public sealed record LoraMatrices(string Module, int Rank, float Scaling, float[] A, float[] B, int Out, int In);
