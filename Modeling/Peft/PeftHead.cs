namespace FwdLLM.Modeling.Peft;

/// <summary>A linear layer that is saved whole: one of PEFT's modules_to_save.</summary>
/// <param name="Module">Name of the layer, for example <c>classifier</c>.</param>
/// <param name="Weight">[out, in], row-major.</param>
/// <param name="Bias">[out], or null for a layer without.</param>
/// <param name="Out">Outputs of the layer.</param>
/// <param name="In">Inputs of the layer.</param>
public sealed record PeftHead(string Module, float[] Weight, float[]? Bias, int Out, int In);
