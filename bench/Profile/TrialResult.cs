using FwdLLM.Cli.Profiling;

namespace FwdLLM.Bench.Profile;

/// <summary>One candidate: predicted and gained.</summary>
/// <param name="Profile">What the profiler says.</param>
/// <param name="Step">Length of the run's first steps.</param>
/// <param name="Before">Mean loss at the fitted head.</param>
/// <param name="Gain">By how much the run lowered it.</param>
internal sealed record TrialResult(CandidateProfile Profile, double Step, double Before, double Gain);
