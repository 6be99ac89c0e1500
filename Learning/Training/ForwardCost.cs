namespace FwdLLM.Learning.Training;

/// <summary>How work is counted: in examples that pass forward; the published tables' passes are batches of eight of them.</summary>
public static class ForwardCost
{
    /// <summary>Examples per published forward pass.</summary>
    public const int ExamplesPerPass = 8;

    /// <summary>Examples that <paramref name="probes"/> directional derivatives on <paramref name="examples"/> examples pass forward: one for the primal and one per direction, or two per direction for central differences, which need the primal only where residuals are held fixed.</summary>
    /// <param name="estimator">Estimator.</param>
    /// <param name="examples">n.</param>
    /// <param name="probes">K.</param>
    /// <param name="fixedResiduals">Residuals are centred or weighted, so they come from a primal pass.</param>
    public static long Probes(EstimatorKind estimator, int examples, int probes, bool fixedResiduals)
        => examples * (estimator is EstimatorKind.Central or EstimatorKind.CentralLimit ? (2L * probes) + (fixedResiduals ? 1 : 0) : probes + 1L);

    /// <summary>What a backpropagated gradient of <paramref name="examples"/> examples counts: three forward passes, since a backward pass costs about two.</summary>
    /// <param name="examples">n.</param>
    public static long ExactGradient(int examples) => 3L * examples;
}
