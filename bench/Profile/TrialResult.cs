using FwdLLM.Cli.Profiling;

namespace FwdLLM.Bench.Profile;

/// <summary>One candidate: predicted and gained.</summary>
/// <param name="Profile">What the profiler says.</param>
/// <param name="Step">Length of the run's first steps.</param>
/// <param name="Before">Mean loss at the fitted head.</param>
/// <param name="Gain">By how much the run lowered it.</param>
/// <param name="Expected">What η says that steps of this length should gain: Σₜ fₜ√(2·c·N·η) − c·fₜ², with c the cost of a step in curvature, N the probes of a round and fₜ the schedule's factor.</param>
internal sealed record TrialResult(CandidateProfile Profile, double Step, double Before, double Gain, double Expected);
