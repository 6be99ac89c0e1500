namespace FwdLLM.Bench.SmolLm;

/// <summary>What a step does, on the development rows.</summary>
/// <param name="Rate">Step.</param>
/// <param name="Probes">With as many directions as the job has.</param>
/// <param name="Gradient">With so many that they are the gradient.</param>
internal sealed record RateOutcome(double Rate, PromptOutcome Probes, PromptOutcome Gradient);
