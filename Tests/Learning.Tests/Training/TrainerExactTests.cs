using CsCheck;
using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Training;

/// <summary>Probe rounds in which some devices answer with their exact gradient.</summary>
public sealed class TrainerExactTests
{
    private static readonly AlgorithmOptions Descent = QuadraticFleet.Options with { HeadFirst = false, BlockScaling = false, Optimiser = OptimiserKind.Sgd, LearningRate = 1, Schedule = StepSchedule.Constant };

    public static TheoryData<SamplingKind, DirectionKind> Ways => TrainerReduceTests.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public void Mixed_rounds_reduce_to_the_same_bits_for_every_order_and_grouping(SamplingKind sampling, DirectionKind directions)
    {
        var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options with { Sampling = sampling, Directions = directions, CohortSize = 7, MaxRounds = 3 }));
        var fleet = new QuadraticFleet(trainer, 7) { Exact = slot => slot % 3 == 0 };
        foreach (var state in fleet.Run().Where(state => state.Stage == TrainingStage.Probes))
        {
            var plan = trainer.Plan(state)!;
            CompletedWork[] works = [.. fleet.Answer(state, plan), .. fleet.Answer(state, plan, 1)];
            Assert.All(works, work => Assert.Null(trainer.Refuse(work.Order, work.Result)));
            var whole = trainer.Reduce(state, plan, works).ToBytes();
            Gen.Select(Gen.Shuffle(works), Gen.Int[0, 3].Array[works.Length]).Sample(
                (shuffled, groups) =>
                {
                    var sums = new RoundSums();
                    for (var group = 0; group <= 3; group++)
                        sums.Merge(RoundSums.FromBytes(trainer.Reduce(state, plan, [.. shuffled.Where((_, i) => groups[i] == group)]).ToBytes()));
                    return sums.ToBytes().AsSpan().SequenceEqual(whole);
                },
                iter: 20,
                seed: "0000000000000");
        }
    }

    [Fact]
    public void Step_is_the_mean_of_both_kinds_weighted_by_variance()
    {
        var trainer = new Trainer(QuadraticFleet.Context(Descent));
        var (state, dimension) = (trainer.Initial(), QuadraticFleet.Layout.Dimension);
        var plan = trainer.Plan(state)!;
        float[] Step(params CompletedWork[] works) => [.. trainer.Step(state, plan, trainer.Reduce(state, plan, works)).Theta.Zip(state.Theta, (after, before) => after - before)];
        var mixed = new QuadraticFleet(trainer, 4) { Exact = slot => slot == 1 }.Answer(state, plan);
        var weight = MixedEstimate.ExactWeight(3, 18, 1, dimension);
        var (probes, exact, both) = (Step(mixed[0], mixed[2], mixed[3]), Step(mixed[1]), Step(mixed));
        for (var i = 0; i < dimension; i++) Assert.Equal(((1 - weight) * probes[i]) + (weight * exact[i]), both[i], 1e-5);
        var report = trainer.Step(state, plan, trainer.Reduce(state, plan, mixed)).Report;
        Assert.Equal((1, weight, 18), (report["exact-gradients"], report["exact-weight"], report["probes"]));
    }

    [Fact]
    public void Round_of_exact_gradients_alone_descends_along_the_gradient()
    {
        var trainer = new Trainer(QuadraticFleet.Context(Descent with { Gate = GateKind.SplitHalf, GateThreshold = 0.9 }));
        var fleet = new QuadraticFleet(trainer, 4) { Exact = _ => true };
        var state = trainer.Initial();
        var plan = trainer.Plan(state)!;
        var gradient = QuadraticFleet.Gradient(trainer.Context, state);
        var sums = trainer.Reduce(state, plan, fleet.Answer(state, plan));
        Assert.True(trainer.Gate(state, plan, sums) is { Pass: true, Reading: > 0.999 });
        var next = trainer.Step(state, plan, sums);
        for (var i = 0; i < gradient.Length; i++) Assert.Equal(-gradient[i], next.Theta[i] - state.Theta[i], 2.1 / 127);
        Assert.Equal(state.ScalarExponent, next.ScalarExponent); // Nothing was learnt about scalars.
        Assert.Equal(1, next.Report["exact-weight"]);
    }

    [Fact]
    public void Halves_hold_both_kinds()
    {
        var trainer = new Trainer(QuadraticFleet.Context(Descent with { Gate = GateKind.SplitHalf, GateThreshold = 0.3, MaxWaves = 4 }));
        var state = trainer.Initial();
        var plan = trainer.Plan(state)!;
        var works = new QuadraticFleet(trainer, 4) { Exact = slot => slot == 0 }.Answer(state, plan);
        Assert.True(trainer.Gate(state, plan, trainer.Reduce(state, plan, [works[0], works[1]])).Reading > 0); // an exact gradient against probes
        Assert.Equal(0, trainer.Gate(state, plan, trainer.Reduce(state, plan, [works[0], works[2]])).Reading); // both in one half

        // With the same probes in the half, the exact gradient moves it towards the other's.
        var bare = trainer.Gate(state, plan, trainer.Reduce(state, plan, [works[1], works[2], works[3]])).Reading;
        Assert.True(trainer.Gate(state, plan, trainer.Reduce(state, plan, works)).Reading > bare);
    }

    [Fact]
    public void Job_with_exact_devices_ends_lower_and_tells_of_none_without()
    {
        // Long enough and with steps large enough for the noise of probes to count.
        var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options with { MaxRounds = 40, LearningRate = 6 }));
        var (probes, mixed) = (new QuadraticFleet(trainer, 4).Run(), new QuadraticFleet(trainer, 4) { Exact = slot => slot >= 2 }.Run());
        Assert.True(QuadraticFleet.Loss(mixed[^1]) < QuadraticFleet.Loss(probes[^1]), $"{QuadraticFleet.Loss(mixed[^1])}, {QuadraticFleet.Loss(probes[^1])}");
        Assert.All(probes, state => Assert.DoesNotContain("exact-weight", state.Report.Keys));
        Assert.Equal(mixed[^1].AdapterSha256(), new QuadraticFleet(trainer, 4) { Exact = slot => slot >= 2 }.Run()[^1].AdapterSha256());
    }

    [Theory]
    [InlineData(OptimiserKind.Normalised, 0)]
    [InlineData(OptimiserKind.Normalised, 0.9)]
    [InlineData(OptimiserKind.Adam, 0.9)]
    public void Step_shortens_with_the_noise_that_exact_gradients_take_away(OptimiserKind optimiser, double momentum)
    {
        var trainer = new Trainer(QuadraticFleet.Context(Descent with { Optimiser = optimiser, Momentum = momentum, LearningRate = 0.2, MaxRounds = 100 }));
        var exact = new QuadraticFleet(trainer, 4) { Exact = _ => true };
        var ratio = MixedEstimate.NoiseRatio(0, 0, 4, QuadraticFleet.Layout.Dimension, 6);
        var state = trainer.Initial();
        for (var round = 0; round < 3; round++)
        {
            state = exact.Round(state);
            Assert.Equal(0.2 * Math.Sqrt(ratio), state.Report["rate"], 1e-12);
        }

        // One round with probes alone: what the optimiser remembers is less noisy than that.
        var after = new QuadraticFleet(trainer, 4).Round(state);
        var memory = optimiser == OptimiserKind.Adam ? 0.999 : momentum * momentum;
        double[] weights = [memory * memory * memory, memory * memory, memory, 1];
        var expected = ((weights[..3].Sum() * ratio) + 1) / weights.Sum();
        Assert.Equal(0.2 * Math.Sqrt(expected), after.Report["rate"], 1e-9);
        Assert.Equal(after.NoiseRatio, ModelState.FromBytes(after.ToBytes()).NoiseRatio);

        // Probes alone step as they always did.
        Assert.Equal(0.2, new QuadraticFleet(trainer, 4).Round(new QuadraticFleet(trainer, 4).Round(trainer.Initial())).Report["rate"]);
    }

    [Fact]
    public void Plain_descent_keeps_its_rate()
    {
        var trainer = new Trainer(QuadraticFleet.Context(Descent));
        Assert.Equal(1, new QuadraticFleet(trainer, 4) { Exact = _ => true }.Round(trainer.Initial()).Report["rate"]);
    }

    [Theory]
    [InlineData(EstimatorKind.Jvp)]
    [InlineData(EstimatorKind.Exact)]
    public void Passes_that_exact_gradients_leave_are_spent_and_progress_knows_of_them(EstimatorKind estimator)
    {
        var options = QuadraticFleet.Options with { Estimator = estimator, ProbesPerDevice = 30, MaxPasses = 400, MaxRounds = 1000 };
        var trainer = new Trainer(QuadraticFleet.Context(options));
        var states = new QuadraticFleet(trainer, 4) { Exact = _ => true }.Run();
        var round = 4 * ForwardCost.ExactGradient(8);
        Assert.InRange(states[^1].ForwardExamples, (400 * 8) - (estimator == EstimatorKind.Exact ? round : 4 * ForwardCost.Probes(estimator, 8, 30, true)), 400 * 8);
        var progress = states.Where(state => state.Report.ContainsKey("progress")).Select(state => state.Report["progress"]).ToArray();
        Assert.Equal(0.5, progress[progress.Length / 2], 0.06);
    }

    [Theory]
    [InlineData(OptimiserKind.Normalised, 0, 0, "e8a900a8e4103433")]
    [InlineData(OptimiserKind.Normalised, 0.9, 200, "619d82d3259a4b38")]
    [InlineData(OptimiserKind.Adam, 0.9, 200, "b8298373883083f1")]
    public void Probes_alone_give_the_bits_that_they_gave_before_steps_followed_the_noise(OptimiserKind optimiser, double momentum, long passes, string sha256)
    {
        var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options with { Optimiser = optimiser, Momentum = momentum, MaxPasses = passes, MaxRounds = 20, FullRateRounds = 10, HeadRidge = 0.006 }));
        Assert.Equal(sha256, new QuadraticFleet(trainer, 4).Run()[^1].AdapterSha256()[..16]);
    }

    [Fact]
    public void Refuse_names_what_an_exact_gradient_breaks()
    {
        var trainer = new Trainer(QuadraticFleet.Context(Descent with { CentredResiduals = false }));
        var state = trainer.Initial();
        var work = new QuadraticFleet(trainer, 1) { Exact = _ => true }.Answer(state, trainer.Plan(state)!)[0];
        string? Refuse(Func<WorkResult, WorkResult> spoil) => trainer.Refuse(work.Order, spoil(work.Result));
        byte[] With(int index, byte value) => [.. work.Result.Vector.Select((old, i) => i == index ? value : old)];
        Assert.Null(Refuse(r => r));
        Assert.Equal(4 + 2 + 40 + 2 + 24, work.Result.Vector.Length);
        Assert.Equal("packed vector has 0 bytes; this order asks for 72", Refuse(r => r with { Vector = [] }));
        Assert.Equal("1 scalars; this order asks for 0", Refuse(r => r with { Scalars = [1] }));
        Assert.Equal("forward examples is 25; this order allows 0 to 24", Refuse(r => r with { ForwardExamples = 25 }));
        Assert.Contains("the mantissa -128", Refuse(r => r with { Vector = With(6, 0x80) }), StringComparison.Ordinal);
        Assert.Equal("packed vector: value 0 is beyond ±1000000", Refuse(r => r with { Vector = [.. With(4, 20).Select((old, i) => i == 5 ? (byte)0 : old)] }));
    }
}
