namespace FwdLLM.Learning.Training;

/// <summary>How work is counted: in examples that pass forward; the published tables' passes are batches of eight of them.</summary>
public static class ForwardCost
{
    /// <summary>Examples per published forward pass.</summary>
    public const int ExamplesPerPass = 8;

    /// <summary>Examples that <paramref name="probes"/> directional derivatives on <paramref name="examples"/> examples pass forward: one for the primal and one per direction, or two per direction and no primal for central differences.</summary>
    public static long Probes(EstimatorKind estimator, int examples, int probes)
        => examples * (estimator == EstimatorKind.Central ? 2L * probes : probes + 1L);
}
