using FwdLLM.Learning.Profiling;

namespace FwdLLM.Cli.Profiling;

/// <summary>What was measured of one adapter. Squares and traces are in the coordinates in which the job probes.</summary>
/// <param name="Adapter">As <c>--adapter</c> takes it.</param>
/// <param name="Dimension">d.</param>
/// <param name="SquaredGradient">|g|².</param>
/// <param name="SquaredBatchGradient">E|g_b|².</param>
/// <param name="Trace">tr H, of the Gauss–Newton matrix.</param>
/// <param name="Rate">η = |g|⁴/(E|g_b|² tr H): twice the best expected drop of the loss per directional derivative.</param>
/// <param name="Cosine">Of the forward gradient of the recipe's K probes with the batch's gradient, mean.</param>
/// <param name="Seconds">Time it took, compilation included.</param>
public sealed record CandidateProfile(
    string Adapter, int Dimension, Estimate SquaredGradient, Estimate SquaredBatchGradient, Estimate Trace, Estimate Rate, Estimate Cosine, double Seconds);
