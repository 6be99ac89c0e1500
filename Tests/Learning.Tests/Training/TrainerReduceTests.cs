using CsCheck;
using FwdLLM.Learning.Gates;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Training;

public sealed class TrainerReduceTests
{
    private static readonly AlgorithmOptions Options = QuadraticFleet.Options with { HeadFirst = false, ImportanceSampling = false, BlockScaling = false, Optimiser = OptimiserKind.Sgd, LearningRate = 1, Schedule = StepSchedule.Constant, MaxRounds = 100_000 };

    public static TheoryData<SamplingKind, DirectionKind> Ways =>
        new() { { SamplingKind.Plain, DirectionKind.Rademacher }, { SamplingKind.Plain, DirectionKind.Gaussian }, { SamplingKind.Guided, DirectionKind.Rademacher }, { SamplingKind.SignedCosine, DirectionKind.Gaussian } };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Reduce_gives_the_same_bits_for_every_order_and_grouping(SamplingKind sampling, DirectionKind directions)
    {
        var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options with { Sampling = sampling, Directions = directions, CohortSize = 7, MaxRounds = 3 }));
        var fleet = new QuadraticFleet(trainer, 7);
        foreach (var state in fleet.Run().SkipLast(1))
        {
            var plan = trainer.Plan(state)!;
            CompletedWork[] works = [.. fleet.Answer(state, plan), .. plan.Kind == WorkKind.Probes ? fleet.Answer(state, plan, 1) : []];
            var whole = trainer.Reduce(state, plan, works).ToBytes();
            Gen.Select(Gen.Shuffle(works), Gen.Int[0, 5].Array[works.Length]).Sample(
                (shuffled, groups) =>
                {
                    var sums = new RoundSums();
                    for (var group = 0; group <= 5; group++)
                        sums.Merge(RoundSums.FromBytes(trainer.Reduce(state, plan, [.. shuffled.Where((_, i) => groups[i] == group)]).ToBytes()));
                    return sums.ToBytes().AsSpan().SequenceEqual(whole);
                },
                iter: 20,
                seed: "0000000000000");
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Step_of_plain_descent_is_the_mean_of_scalars_times_directions(SamplingKind sampling, DirectionKind directions)
    {
        if (sampling == SamplingKind.Guided) return; // put together differently; see the unbiasedness below
        var trainer = new Trainer(QuadraticFleet.Context(Options with { Sampling = sampling, Directions = directions }));
        var fleet = new QuadraticFleet(trainer, 4);
        var state = fleet.Round(trainer.Initial());
        var plan = trainer.Plan(state)!;
        var works = fleet.Answer(state, plan);
        var mean = new double[QuadraticFleet.Layout.Dimension];
        var v = new float[mean.Length];
        foreach (var work in works)
        {
            var source = new DirectionSource(trainer.Context, state.LastStep, work.Order);
            for (var k = 0; k < 6; k++)
            {
                source.Fill(k, v);
                for (var i = 0; i < v.Length; i++) mean[i] += (double)work.Result.Scalars[k] * v[i] / 24;
            }
        }

        var next = trainer.Step(state, plan, trainer.Reduce(state, plan, works));
        for (var i = 0; i < v.Length; i++) Assert.Equal(state.Theta[i] - mean[i], next.Theta[i], 1e-3);
    }

    [Theory]
    [InlineData(SamplingKind.Plain, true)]
    [InlineData(SamplingKind.Guided, true)]
    [InlineData(SamplingKind.SignedCosine, false)]
    public void Estimate_through_reduce_and_step_is_unbiased_unless_its_sampling_is_not(SamplingKind sampling, bool unbiased)
    {
        const int Rounds = 1500;
        var trainer = new Trainer(QuadraticFleet.Context(Options with { Sampling = sampling, CohortSize = 2, ProbesPerDevice = 4 }));
        var fleet = new QuadraticFleet(trainer, 2);
        var guide = Enumerable.Range(0, QuadraticFleet.Layout.Dimension).Select(i => 1f + (i % 3)).ToArray();
        var start = trainer.Initial() with { LastStep = guide, ScalarExponent = 12 };
        var gradient = QuadraticFleet.Gradient(trainer.Context, start);
        var (sum, squares) = (new double[gradient.Length], 0.0);
        var norm = Math.Sqrt(guide.Sum(value => (double)value * value));
        for (var round = 0u; round < Rounds; round++)
        {
            // Odd numbers: signed cosines choose in every second round only.
            var next = fleet.Round(start with { Version = (2 * round) + 1 });
            var along = 0.0;
            for (var i = 0; i < sum.Length; i++)
            {
                var estimate = start.Theta[i] - next.Theta[i];
                sum[i] += estimate;
                squares += Math.Pow(estimate - gradient[i], 2);
                along += (estimate - gradient[i]) * guide[i] / norm;
            }

            if (sampling == SamplingKind.Guided) Assert.Equal(0, along, 1e-4);
        }

        // E‖mean − g‖² = E‖ĝ − g‖²/R for an unbiased estimate.
        var off = sum.Select((value, i) => Math.Pow((value / Rounds) - gradient[i], 2)).Sum() / (squares / Rounds / Rounds);
        if (unbiased) Assert.InRange(off, 0.4, 1.8);
        else Assert.True(off > 10, $"{off}");
    }

    [Fact]
    public void Split_half_gate_reads_the_agreement_of_odd_and_even_slots()
    {
        var trainer = new Trainer(QuadraticFleet.Context(Options with { Gate = GateKind.SplitHalf, GateThreshold = 0.3, MaxWaves = 4 }));
        var state = trainer.Initial();
        var plan = trainer.Plan(state)!;
        var (a, b) = (Signs(trainer, 0), Signs(trainer, 1));
        var agreement = a.Zip(b, (x, y) => x * y).Sum() / (double)a.Length;

        // One probe of slope 1 in each half: the half means are the directions themselves; with the second reversed they agree the other way.
        var sums = trainer.Reduce(state, plan, [One(0, 1), One(1, Math.Sign(agreement))]);
        var decision = trainer.Gate(state, plan, sums);
        Assert.Equal(SplitHalfGate.PooledCosine(Math.Abs(agreement)), decision.Reading, 1e-12);
        Assert.Equal((decision.Reading >= 0.3, 0.3), (decision.Pass, decision.Threshold));

        var before = state with { Agreement = 0.5 };
        Assert.Equal(SplitHalfGate.PooledCosine(0.4 + (0.2 * Math.Abs(agreement))), trainer.Gate(before, plan, sums).Reading, 1e-12);
        Assert.Equal(0.4 + (0.2 * Math.Abs(agreement)), trainer.Step(before, plan, sums).Agreement, 1e-12);
    }

    [Fact]
    public void Split_half_gate_does_not_pass_on_one_half_alone()
    {
        var trainer = new Trainer(QuadraticFleet.Context(Options with { Gate = GateKind.SplitHalf, GateThreshold = 0.3, MaxWaves = 4 }));
        var state = trainer.Initial();
        var plan = trainer.Plan(state)!;
        var sums = trainer.Reduce(state, plan, [One(0, 1), One(2, 1)]);
        Assert.Equal((false, 0.0), (trainer.Gate(state, plan, sums).Pass, trainer.Gate(state, plan, sums).Reading));
        Assert.Equal(double.NaN, trainer.Step(state, plan, sums).Report["agreement"]);
    }

    [Fact]
    public void Reference_gate_reads_the_variance_of_the_first_block()
    {
        var trainer = new Trainer(QuadraticFleet.Context(Options with { Gate = GateKind.Reference, GateThreshold = 0.2, MaxWaves = 4 }));
        var state = trainer.Initial();
        var plan = trainer.Plan(state)!;
        var expected = Signs(trainer, 0).Take(40).Zip(Signs(trainer, 1), (x, y) => Math.Pow(x - (2 * y), 2) / 2).Average();
        var decision = trainer.Gate(state, plan, trainer.Reduce(state, plan, [One(0, 1), One(1, 2)]));
        Assert.Equal(expected, decision.Reading, 1e-12);
        Assert.False(decision.Pass);
        Assert.True(trainer.Gate(state, plan, trainer.Reduce(state, plan, [One(0, 0.01f), One(1, 0.02f)])).Pass);
    }

    [Theory]
    [InlineData(1e-5f)]
    [InlineData(0.3f)]
    [InlineData(900f)]
    public void Fixed_point_follows_the_size_of_the_scalars(float size)
    {
        var trainer = new Trainer(QuadraticFleet.Context(Options));
        var state = trainer.Initial();
        var plan = trainer.Plan(state)!;
        CompletedWork[] works = [One(0, size), One(1, -size)];
        var next = trainer.Step(state, plan, trainer.Reduce(state, plan, works)) with { Theta = state.Theta };
        Assert.Equal(Math.Clamp(Math.ILogB(Math.ScaleB(1, 14) / size), -10, 40), next.ScalarExponent);
        Assert.Equal(size, next.Report["scalar-rms"], size * 1e-3);
        plan = trainer.Plan(next)!;
        works = [One(0, size, plan.Round), One(1, size / 2, plan.Round)];
        var after = trainer.Step(next, plan, trainer.Reduce(next, plan, works));
        var (a, b) = (Signs(trainer, 0, plan.Round), Signs(trainer, 1, plan.Round));
        for (var i = 0; i < a.Length; i++) Assert.Equal(-size * (a[i] + (0.5 * b[i])) / 2, after.Theta[i], size * 1e-3);
    }

    private static CompletedWork One(uint slot, float scalar, uint round = 0) => new(
        new WorkOrder { Kind = WorkKind.Probes, Round = round, Slot = slot, ProbeCount = 1, BatchSize = 8 },
        new WorkResult { Examples = 8, ForwardExamples = 16, LossSum = 1, Scalars = [scalar] });

    private static float[] Signs(Trainer trainer, uint slot, uint round = 0)
    {
        var v = new float[QuadraticFleet.Layout.Dimension];
        RademacherStream.Fill(trainer.Context.Key("directions"), new DirectionAddress(round, slot, 0), v);
        return v;
    }
}
