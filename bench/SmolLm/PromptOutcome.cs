namespace FwdLLM.Bench.SmolLm;

/// <summary>What a process of the benchmark found.</summary>
/// <param name="Accuracy">Accuracy.</param>
/// <param name="Loss">Mean loss.</param>
/// <param name="Dimension">d.</param>
/// <param name="PeakResident">Bytes.</param>
internal sealed record PromptOutcome(double Accuracy, double Loss, int Dimension, long PeakResident);
