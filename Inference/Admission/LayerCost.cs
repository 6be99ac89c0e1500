namespace FwdLLM.Inference.Admission;

/// <summary>What one layer's quantisation costs with every other layer in float32.</summary>
/// <param name="Module">The layer.</param>
/// <param name="Cost">1 − cosine.</param>
public sealed record LayerCost(string Module, double Cost);
