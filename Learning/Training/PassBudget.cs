namespace FwdLLM.Learning.Training;

/// <summary>How many probe rounds the stop rule still allows, and how far the job is.</summary>
internal sealed class PassBudget(AlgorithmOptions options)
{
    /// <summary>Probe rounds left if each takes one wave. A pass over the data for the last head fit is kept in reserve.</summary>
    public int RoundsLeft(ModelState state)
    {
        var byRounds = options.MaxRounds - state.ProbeRounds;
        if (options.MaxPasses == 0) return Math.Max(0, byRounds);
        var reserve = options.HeadFirst && options.HeadLast ? state.TotalExamples : 0;
        var left = (options.MaxPasses * (double)ForwardCost.ExamplesPerPass) - reserve - state.ForwardExamples;
        return (int)Math.Clamp(left / WaveCost(state), 0, Math.Max(0, byRounds));
    }

    /// <summary>In [0, 1): the fraction of probe rounds done.</summary>
    public double Progress(ModelState state)
    {
        var total = Rounds(state);
        return total == 0 ? 0 : state.ProbeRounds / (double)total;
    }

    /// <summary>
    /// What the length of the job does to its steps: √(n/T) where its T probe rounds are more than the n that the rate is meant for. Noise makes a
    /// random walk of T steps of length ρ end about ρ√T away from where the signal alone leads; this keeps that distance the same. Plain descent,
    /// whose steps shrink with the estimate, takes the rate as it is given.
    /// </summary>
    public double RateFactor(ModelState state)
    {
        var total = Rounds(state);
        return options.Optimiser != OptimiserKind.Sgd && options.FullRateRounds > 0 && total > options.FullRateRounds ? Math.Sqrt(options.FullRateRounds / (double)total) : 1;
    }

    private int Rounds(ModelState state) => state.ProbeRounds + RoundsLeft(state);

    // With "every device" the number is not known here; one device's cost then only delays the stop by a round. Cohorts to come are taken to hold as
    // many exact devices as those so far.
    private double WaveCost(ModelState state)
    {
        var probes = (double)ForwardCost.Probes(options.Estimator, options.BatchSize, options.ProbesPerDevice, options.CentredResiduals || options.ImportanceSampling);
        var exact = options.Estimator == EstimatorKind.Exact ? 1 : state.ProbeWorks == 0 ? 0 : state.ExactWorks / (double)state.ProbeWorks;
        return Math.Max(1, options.CohortSize) * (exact == 0 ? probes : ((1 - exact) * probes) + (exact * ForwardCost.ExactGradient(options.BatchSize)));
    }
}
