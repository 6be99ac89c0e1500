namespace FwdLLM.Learning.Optimisers;

/// <summary>Adam's constants; defaults as in arXiv 1412.6980.</summary>
/// <param name="LearningRate">α.</param>
/// <param name="Beta1">β₁, in [0, 1).</param>
/// <param name="Beta2">β₂, in [0, 1).</param>
/// <param name="Epsilon">ε, positive.</param>
public sealed record AdamOptions(double LearningRate, double Beta1 = 0.9, double Beta2 = AdamOptions.DefaultBeta2, double Epsilon = 1e-8)
{
    /// <summary>β₂ where none is given.</summary>
    public const double DefaultBeta2 = 0.999;
}
