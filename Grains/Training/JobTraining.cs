using System.Buffers.Binary;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary><see cref="ITraining"/> by <see cref="Trainer"/>: translates between contracts and the mathematics, and nothing else.</summary>
public sealed class JobTraining(Trainer trainer) : ITraining
{
    /// <summary>Examples in one forward pass of the published tables.</summary>
    private const double ExamplesPerPass = 8;

    public ulong Seed => trainer.Context.Options.Seed;

    public int MaxRounds => trainer.Context.Options.MaxRounds;

    public int ProbesPerDevice => trainer.Context.Options.ProbesPerDevice;

    public bool NeedsExact => trainer.Context.Options.Estimator == EstimatorKind.Exact;

    public byte[] Initial() => trainer.Initial().ToBytes();

    public TrainingOverview Plan(byte[] state)
    {
        var model = ModelState.FromBytes(state);
        var plan = trainer.Plan(model);
        return new TrainingOverview(
            model.Version, plan is null ? null : ToOrder(plan, model.Version), model.AdapterSha256(), model.ForwardExamples / ExamplesPerPass, model.Report);
    }

    public string? Refuse(Assignment assignment, Contribution contribution) =>
        ContributionGuard.Refuse(assignment, contribution, trainer.Context) ?? trainer.Refuse(ToWorkOrder(assignment), ToResult(contribution));

    public byte[] Reduce(byte[] state, RoundOrder order, IReadOnlyList<RecordedContribution> works) =>
        trainer.Reduce(
            ModelState.FromBytes(state), ToPlan(order), [.. works.Select(w => new CompletedWork(ToWorkOrder(w.Assignment), ToResult(w.Contribution)))])
            .ToBytes();

    public byte[] Merge(IReadOnlyList<byte[]> sums) => Merged(sums).ToBytes();

    public GateDecision Gate(byte[] state, RoundOrder order, IReadOnlyList<byte[]> sums) =>
        trainer.Gate(ModelState.FromBytes(state), ToPlan(order), Merged(sums));

    public byte[] Step(byte[] state, RoundOrder order, IReadOnlyList<byte[]> sums) =>
        trainer.Step(ModelState.FromBytes(state), ToPlan(order), Merged(sums)).ToBytes();

    public byte[] Snapshot(byte[] state) => trainer.Snapshot(ModelState.FromBytes(state)).ToBytes();

    private static RoundSums Merged(IReadOnlyList<byte[]> sums)
    {
        var merged = RoundSums.FromBytes(sums[0]);
        foreach (var part in sums.Skip(1)) merged.Merge(RoundSums.FromBytes(part));
        return merged;
    }

    private static RoundOrder ToOrder(RoundPlan plan, long version) => new()
    {
        Round = plan.Round,
        Kind = (byte)plan.Kind,
        ModelVersion = version,
        CohortSize = plan.CohortSize,
        BatchSize = plan.BatchSize,
        ProbesPerDevice = plan.ProbesPerDevice,
        MaxWaves = plan.MaxWaves,
        Phase = plan.Phase,
    };

    private static RoundPlan ToPlan(RoundOrder order) => new()
    {
        Round = order.Round,
        Kind = (WorkKind)order.Kind,
        Phase = order.Phase,
        CohortSize = order.CohortSize,
        BatchSize = order.BatchSize,
        ProbesPerDevice = order.ProbesPerDevice,
        MaxWaves = order.MaxWaves,
    };

    private static WorkOrder ToWorkOrder(Assignment assignment) => new()
    {
        Kind = (WorkKind)assignment.Kind,
        Round = assignment.Round,
        Slot = assignment.Slot,
        Wave = assignment.Wave,
        FirstProbe = assignment.FirstProbe,
        ProbeCount = assignment.ProbeCount,
        BatchSize = assignment.BatchSize,
    };

    private static WorkResult ToResult(Contribution contribution) => new()
    {
        Examples = contribution.Examples,
        ForwardExamples = contribution.ForwardExamples,
        LossSum = contribution.LossSum,
        Correct = contribution.Correct,
        Scalars = ToFloats(contribution.Scalars),
        Vector = contribution.Vector,
    };

    private static float[] ToFloats(byte[] bytes)
    {
        var floats = new float[bytes.Length / sizeof(float)];
        for (var i = 0; i < floats.Length; i++) floats[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
        return floats;
    }
}
