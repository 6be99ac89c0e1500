using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Gates;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Training;

/// <summary>Probe rounds: sums of s·v and of exact gradients in two halves, the gate on their agreement, the step.</summary>
internal static class ProbeStage
{
    // Weight of the past in the running agreement: a single reading is as noisy as 1/√d.
    private const double AgreementMemory = 0.8;

    /// <summary>Bounds of <see cref="ModelState.ScalarExponent"/>.</summary>
    public const int LeastExponent = -10, GreatestExponent = 40;

    // A scalar beyond this many root mean squares is cut there by the fixed-point range.
    private const double RangeInRms = 64;

    public static void Add(TrainingContext context, ModelState state, CompletedWork work, RoundSums sums)
    {
        var source = new DirectionSource(context, state.LastStep, work.Order);
        var guided = work.Result.Scalars.Where((_, k) => source.IsGuided(k)).ToArray();
        sums.Scalars ??= new DenseSum(3);
        sums.Scalars.Add([work.Result.Scalars.Sum(value => Square(value * RoundSums.SquareUnit)), guided.Sum(value => (double)value), guided.Length]);
        if (source.IsPlainSigns) AddSigns(context, state, work, source, sums);
        else AddDirections(context, work, source, sums);
    }

    public static void AddExact(TrainingContext context, CompletedWork work, RoundSums sums)
    {
        sums.Exact ??= [new DenseSum(context.ProbedDimension), new DenseSum(context.ProbedDimension)];
        sums.Exact[work.Order.Slot & 1].Add(PackedGradient.Unpack(work.Result.Vector, context.ProbedBlocks));
    }

    private static double Square(double value) => value * value;

    // Devices, not probes, are split where there are several, so that the halves differ in data noise too.
    private static int Half(WorkOrder order, int k, bool byDevice) => byDevice ? (int)(order.Slot & 1) : k & 1;

    private static void AddSigns(TrainingContext context, ModelState state, CompletedWork work, DirectionSource source, RoundSums sums)
    {
        sums.Signs ??= [new SignedSum(context.ProbedDimension), new SignedSum(context.ProbedDimension)];
        var addresses = new List<DirectionAddress>[] { [], [] };
        var quantised = new List<int>[] { [], [] };
        for (var k = 0; k < work.Result.Scalars.Length; k++)
        {
            if (source.IsGuided(k)) continue;
            var half = Half(work.Order, k, context.Options.CohortSize != 1);
            addresses[half].Add(source.Address(k));
            quantised[half].Add(FixedPointScalar.Quantise(work.Result.Scalars[k], state.ScalarExponent));
            sums.Probes[half]++;
        }

        for (var half = 0; half < 2; half++)
            sums.Signs[half].Add(source.Key, addresses[half].ToArray(), quantised[half].ToArray());
    }

    private static void AddDirections(TrainingContext context, CompletedWork work, DirectionSource source, RoundSums sums)
    {
        sums.Directions ??= [new DenseSum(context.ProbedDimension), new DenseSum(context.ProbedDimension)];
        var direction = new float[context.ProbedDimension];
        for (var k = 0; k < work.Result.Scalars.Length; k++)
        {
            var half = Half(work.Order, k, context.Options.CohortSize != 1);
            source.Fill(k, direction);
            sums.Directions[half].AddScaled(direction, work.Result.Scalars[k]);
            sums.Probes[half]++;
        }
    }

    public static GateDecision Gate(TrainingContext context, ModelState state, RoundSums sums)
    {
        var options = context.Options;
        switch (options.Gate)
        {
            case GateKind.SplitHalf:
                var reading = SplitHalfGate.PooledCosine(Smoothed(state, Agreement(state, sums)));
                return new GateDecision(reading >= options.GateThreshold, reading, options.GateThreshold);
            case GateKind.Reference:
                var block = context.ProbedBlocks[0];
                var variance = ReferenceGate.Variance(Part(GradientEstimate.Half(state, sums, 0), block), Part(GradientEstimate.Half(state, sums, 1), block));
                return new GateDecision(variance <= options.GateThreshold, variance, options.GateThreshold);
            default:
                return new GateDecision(true, double.NaN, double.NaN);
        }
    }

    public static ModelState Apply(TrainingContext context, ModelState state, RoundSums sums, double progress, double rateFactor)
    {
        var estimate = GradientEstimate.From(state, sums);
        var agreement = Agreement(state, sums);
        var scalars = sums.Scalars?.ToDoubles() ?? new double[3];
        var probes = sums.Probes[0] + sums.Probes[1] + scalars[2];
        var rms = Math.Sqrt(scalars[0] / Math.Max(1, probes)) / RoundSums.SquareUnit;
        var noise = NoiseRatio(context, state, sums);
        var rate = context.Options.LearningRate * rateFactor * Optimisers.StepScheduleFactor.At(context.Options.Schedule, progress);
        // A step along the plain estimate shrinks with it by itself.
        if (context.Options.Optimiser != OptimiserKind.Sgd && noise < 1) rate *= Math.Sqrt(noise);
        var (step, first, second) = ServerStep.Compute(context.Options, state, estimate, rate);
        var theta = (float[])state.Theta.Clone();
        var head = (float[])state.Head.Clone();
        var squared = 0.0;
        for (var b = 0; b < context.ProbedBlocks.Count; b++)
        {
            var block = context.ProbedBlocks[b];
            var scale = b < state.BlockScale.Length ? state.BlockScale[b] : 1;
            for (var i = block.Offset; i < block.Offset + block.Length; i++)
            {
                squared += step[i] * step[i];
                if (i < theta.Length) theta[i] += (float)(scale * step[i]);
                else head[i - theta.Length] += (float)step[i];
            }
        }

        var report = new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["agreement"] = agreement,
            ["estimate-norm"] = Math.Sqrt(estimate.Sum(value => value * value)),
            ["progress"] = progress,
            ["rate"] = rate,
            ["scalar-rms"] = rms,
            ["step-norm"] = Math.Sqrt(squared),
            ["probes"] = probes,
        };
        if (sums.Exact is not null) (report["exact-gradients"], report["exact-weight"]) = (sums.ExactWorks(0) + sums.ExactWorks(1), GradientEstimate.ExactWeight(sums));
        if (noise < 1) report["noise-ratio"] = noise;
        return state with
        {
            ProbeRounds = state.ProbeRounds + 1,
            ProbeWorks = state.ProbeWorks + sums.Works,
            ExactWorks = state.ExactWorks + sums.ExactWorks(0) + sums.ExactWorks(1),
            NoiseRatio = noise,
            Theta = theta,
            Head = head,
            FirstMoment = first,
            SecondMoment = second,
            LastStep = context.Options.Sampling == SamplingKind.Plain ? [] : Array.ConvertAll(step, value => (float)value),
            Agreement = Smoothed(state, agreement),
            ScalarExponent = Exponent(rms, state.ScalarExponent),
            Report = report,
        };
    }

    // Of the mean that the optimiser steps along or divides by: the rounds before count in it with the weights that it remembers of their squares.
    private static double NoiseRatio(TrainingContext context, ModelState state, RoundSums sums)
    {
        var round = GradientEstimate.NoiseRatio(context, sums);
        if (round == 1 && state.NoiseRatio == 1) return 1; // Rounding must not tell rounds without exact gradients apart.
        var memory = context.Options.Optimiser == OptimiserKind.Adam ? Optimisers.AdamOptions.DefaultBeta2 : context.Options.Momentum * context.Options.Momentum;
        var share = (1 - memory) / (1 - Math.Pow(memory, state.ProbeRounds + 1.0));
        return Math.Min(1, (share * round) + ((1 - share) * state.NoiseRatio));
    }

    private static double Agreement(ModelState state, RoundSums sums)
        => sums.Probes[0] + sums.ExactWorks(0) == 0 || sums.Probes[1] + sums.ExactWorks(1) == 0 ? double.NaN : SplitHalfGate.Agreement(GradientEstimate.Half(state, sums, 0), GradientEstimate.Half(state, sums, 1));

    private static double Smoothed(ModelState state, double agreement)
        => double.IsNaN(agreement) ? state.Agreement
            : double.IsNaN(state.Agreement) ? agreement
            : (AgreementMemory * state.Agreement) + ((1 - AgreementMemory) * agreement);

    // Powers of two follow from the binary exponent alone, so that every machine chooses the same.
    private static int Exponent(double rms, int current)
        => rms > 0 && double.IsFinite(rms) ? Math.Clamp(Math.ILogB(FixedPointScalar.Limit / (RangeInRms * rms)), LeastExponent, GreatestExponent) : current;

    private static double[] Part(double[] values, AdapterBlock block) => values[block.Offset..(block.Offset + block.Length)];
}
