using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Training;

public sealed class TrainerRefusalTests
{
    private static readonly Trainer Trainer = new(QuadraticFleet.Context(QuadraticFleet.Options));
    private static readonly WorkOrder Probes = new() { Kind = WorkKind.Probes, Round = 3, Slot = 0, ProbeCount = 2, BatchSize = 8 };
    private static readonly WorkResult Good = new() { Examples = 8, ForwardExamples = 24, LossSum = 5, Correct = 3, Scalars = [0.5f, -0.5f] };

    public static TheoryData<string, Func<WorkResult, WorkResult>> Bounds => new()
    {
        { "examples is 0; this order allows 1 to 8", r => r with { Examples = 0 } },
        { "examples is 9", r => r with { Examples = 9 } },
        { "examples is -1", r => r with { Examples = -1 } },
        { "forward examples is -1", r => r with { ForwardExamples = -1 } },
        { "forward examples is 100000073; this order allows 0 to 100000072", r => r with { ForwardExamples = 100_000_073 } },
        { "correct is 9; 8 examples allow 0 to 8", r => r with { Correct = 9 } },
        { "correct is -1", r => r with { Correct = -1 } },
        { "loss sum is NaN", r => r with { LossSum = double.NaN } },
        { "loss sum is -0.1", r => r with { LossSum = -0.1 } },
        { "loss sum is 80001; 8 examples allow 0 to 80000", r => r with { LossSum = 80_001 } },
        { "1 scalars; this order asks for 2", r => r with { Scalars = [1] } },
        { "scalar 1 is NaN", r => r with { Scalars = [1, float.NaN] } },
        { "scalar 0 is ∞", r => r with { Scalars = [float.PositiveInfinity, 0] } },
        { "scalar 0 is -1100000", r => r with { Scalars = [-1.1e6f, 0] } },
        { "packed vector has 4 bytes; this order asks for 0", r => r with { Vector = new byte[4] } },
    };

    [Fact]
    public void Refuse_lets_a_possible_answer_pass() => Assert.Null(Trainer.Refuse(Probes, Good));

    [Theory]
    [MemberData(nameof(Bounds))]
    public void Refuse_names_value_and_bound(string reason, Func<WorkResult, WorkResult> spoil)
    {
        var refusal = Trainer.Refuse(Probes, spoil(Good));
        Assert.NotNull(refusal);
        Assert.Contains(reason.Replace("∞", float.PositiveInfinity.ToString(), StringComparison.Ordinal), refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuse_bounds_forward_examples_by_the_order_alone_where_no_example_is_weighed()
    {
        var plain = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options with { ImportanceSampling = false }));
        Assert.Null(plain.Refuse(Probes, Good with { ForwardExamples = 72 }));
        Assert.Equal("forward examples is 73; this order allows 0 to 72", plain.Refuse(Probes, Good with { ForwardExamples = 73 }));
    }

    [Fact]
    public void Refuse_lets_a_restarted_agent_weigh_a_large_shard_again()
        => Assert.Null(Trainer.Refuse(Probes, Good with { ForwardExamples = 24 + 200_000 }));

    [Fact]
    public void Refuse_does_not_take_negative_curvature()
        => Assert.Contains("scalar 1 is -0.5; allowed are finite values from 0", Trainer.Refuse(Probes with { Kind = WorkKind.Curvature }, Good), StringComparison.Ordinal);

    [Fact]
    public void Refuse_looks_into_packed_vectors()
    {
        var order = new WorkOrder { Kind = WorkKind.HeadGradient, Round = 1, Slot = 0 };
        var result = new WorkResult { Examples = 10, ForwardExamples = 0, Vector = PackedVector.Pack(new double[8]) };
        Assert.Null(Trainer.Refuse(order, result));
        Assert.Contains("this order asks for 22", Trainer.Refuse(order, result with { Vector = new byte[5] }), StringComparison.Ordinal);
        Assert.Contains("packed vector: ", Trainer.Refuse(order, result with { Vector = new byte[22] }), StringComparison.Ordinal);
        Assert.Contains("value 7 is beyond", Trainer.Refuse(order, result with { Vector = PackedVector.Pack([1, 1, 1, 1, 1, 1, 1, -1e300]) }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(WorkKind.Probes)]
    [InlineData(WorkKind.Curvature)]
    [InlineData(WorkKind.HeadGradient)]
    [InlineData(WorkKind.FeatureStatistics)]
    public void Largest_answers_that_pass_can_be_summed_and_stepped_on(WorkKind kind)
    {
        foreach (var sampling in new[] { SamplingKind.Plain, SamplingKind.Guided })
        {
            var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options with { Sampling = sampling }));
            var scalars = new float[4096];
            Array.Fill(scalars, 1e6f);
            var probes = kind is WorkKind.Probes or WorkKind.Curvature;
            var vector = new double[kind == WorkKind.HeadGradient ? 8 : 6];
            Array.Fill(vector, DenseSum.Limit / 2);
            var result = new WorkResult { Examples = 100_000_000, ForwardExamples = 0, LossSum = 1e12, Scalars = probes ? scalars : [], Vector = probes ? [] : PackedVector.Pack(vector) };
            var works = Enumerable.Range(0, 20).Select(slot => new CompletedWork(new WorkOrder { Kind = kind, Round = 0, Slot = (uint)slot, ProbeCount = probes ? 4096 : 0 }, result)).ToArray();
            Assert.All(works, work => Assert.Null(trainer.Refuse(work.Order, work.Result)));
            var state = new QuadraticFleet(trainer, 4).Run().First(state => trainer.Plan(state)?.Kind == kind) with { LastStep = kind == WorkKind.Probes ? [.. Enumerable.Repeat(1f, 64)] : [] };
            var plan = trainer.Plan(state)!;
            var next = trainer.Step(state, plan, trainer.Reduce(state, plan, works));
            Assert.All(next.Theta, value => Assert.True(float.IsFinite(value)));
            Assert.All(next.Head, value => Assert.True(float.IsFinite(value)));
        }
    }
}
