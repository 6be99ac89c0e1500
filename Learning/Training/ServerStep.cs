using FwdLLM.Learning.Optimisers;

namespace FwdLLM.Learning.Training;

/// <summary>From estimate to step, by the job's optimiser.</summary>
internal static class ServerStep
{
    /// <summary>Step [D] in scaled coordinates, and the optimiser's moments after it.</summary>
    public static (double[] Step, double[] First, double[] Second) Compute(AlgorithmOptions options, ModelState state, double[] estimate, double rate)
    {
        switch (options.Optimiser)
        {
            case OptimiserKind.Adam:
                var before = state.FirstMoment.Length == 0 ? AdamState.Start(estimate.Length) : new AdamState(state.ProbeRounds, state.FirstMoment, state.SecondMoment);
                var (delta, after) = Adam.Step(before, estimate, new AdamOptions(rate, options.Momentum));
                return (delta, after.FirstMoment, after.SecondMoment);
            case OptimiserKind.Normalised:
                var (step, mean) = NormalisedStep.Step(state.FirstMoment, estimate, rate, options.Momentum);
                return (step, options.Momentum > 0 ? mean : [], []);
            default:
                return (Sgd.Step(estimate, rate), [], []);
        }
    }
}
