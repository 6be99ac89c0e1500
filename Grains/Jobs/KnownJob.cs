using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>What never changes about a job.</summary>
/// <param name="Spec">As it was submitted.</param>
/// <param name="Training">Its algorithm.</param>
public sealed record KnownJob(JobSpec Spec, ITraining Training);
