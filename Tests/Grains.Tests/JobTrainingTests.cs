using System.Buffers.Binary;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Tests.Grains;

public sealed class JobTrainingTests
{
    private static readonly JobSpec Spec = TestCluster.Spec(o => o with { HeadFirst = false, HeadLast = false, BlockScaling = false, Gate = GateKind.None });

    private readonly ITraining _training = new JobTrainingFactory().Create(Spec);

    [Fact]
    public void Step_does_not_depend_on_the_grouping_of_contributions()
    {
        var state = _training.Initial();
        var order = _training.Plan(state).Next!;
        Assert.Equal((byte)WorkKind.Probes, order.Kind);
        var works = Enumerable.Range(0, 3).Select(slot => Recorded(order, (uint)slot)).ToArray();
        var once = _training.Step(state, order, [_training.Reduce(state, order, works)]);
        var grouped = _training.Step(state, order, [_training.Reduce(state, order, works[1..]), _training.Reduce(state, order, works[..1])]);
        Assert.Equal(once, grouped);
        Assert.Equal(1, _training.Plan(once).Version);
        Assert.NotEqual(_training.Plan(state).AdapterSha256, _training.Plan(once).AdapterSha256);
        Assert.True(_training.Gate(state, order, [_training.Reduce(state, order, works)]).Pass);
        Assert.Equal(1u, ModelSnapshot.FromBytes(_training.Snapshot(once)).Version);
    }

    [Fact]
    public void Contribution_is_judged_by_guard_and_trainer()
    {
        var good = Recorded(_training.Plan(_training.Initial()).Next!, 0);
        Assert.Null(_training.Refuse(good.Assignment, good.Contribution));
        Assert.Contains("scalars are 3 bytes", _training.Refuse(good.Assignment, good.Contribution with { Scalars = new byte[3] }), StringComparison.Ordinal);
        Assert.Contains("correct is 99", _training.Refuse(good.Assignment, good.Contribution with { Correct = 99 }), StringComparison.Ordinal);
    }

    [Fact]
    public void State_that_is_none_is_an_error() => Assert.Throws<InvalidDataException>(() => _training.Plan([1, 2, 3]));

    private static RecordedContribution Recorded(RoundOrder order, uint slot)
    {
        var work = WaveRule.Work(Spec, order, new CohortMember { DeviceId = "d", Slot = slot, ProbeCount = order.ProbesPerDevice }, 0);
        var scalars = new byte[4 * work.ProbeCount];
        for (var k = 0; k < work.ProbeCount; k++) BinaryPrimitives.WriteSingleLittleEndian(scalars.AsSpan(4 * k), 0.1f * (k + 1 + slot));
        return new RecordedContribution
        {
            DeviceId = $"d{slot}",
            Assignment = work,
            Contribution = new Contribution { Round = work.Round, Wave = 0, ModelVersion = work.ModelVersion, Examples = work.BatchSize, ForwardExamples = work.BatchSize, LossSum = 1, Scalars = scalars },
        };
    }
}
