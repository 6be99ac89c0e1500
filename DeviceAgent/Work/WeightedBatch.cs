namespace FwdLLM.DeviceAgent.Work;

/// <summary>A device batch. An example of weight w stands for w examples of a plain one.</summary>
/// <param name="Examples">n examples.</param>
/// <param name="Weights">[n], or null for all 1.</param>
internal sealed record WeightedBatch(LocalExamples Examples, double[]? Weights);
