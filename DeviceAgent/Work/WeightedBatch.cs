namespace FwdLLM.DeviceAgent.Work;

/// <summary>A device batch. An example of weight w stands for w examples of a plain one.</summary>
/// <param name="Examples">n examples.</param>
/// <param name="Weights">[n], or null for all 1.</param>
/// <param name="Control">What to subtract from the weighted residuals [n, C], or null for nothing: see <see cref="ControlVariate"/>.</param>
internal sealed record WeightedBatch(LocalExamples Examples, double[]? Weights, double[]? Control)
{
    /// <summary>The residuals are not those of the plain mean loss.</summary>
    public bool HasFixedResiduals => Weights is not null || Control is not null;
}
