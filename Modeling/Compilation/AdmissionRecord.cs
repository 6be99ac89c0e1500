namespace FwdLLM.Modeling.Compilation;

/// <summary>The result of a quantised model's admission test. It belongs to the machine that measured it: other kernels round elsewhere.</summary>
/// <param name="Cosine">Between its directional derivatives and those of the model in float32, rounded to four decimals.</param>
/// <param name="Threshold">Least cosine that was admitted.</param>
/// <param name="Directions">Number of directions.</param>
/// <param name="Texts">Number of texts.</param>
/// <param name="Tokens">Their tokens, in sum.</param>
public sealed record AdmissionRecord(double Cosine, double Threshold, int Directions, int Texts, int Tokens);
