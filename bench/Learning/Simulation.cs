using FwdLLM.DeviceAgent.Work;
using FwdLLM.Learning.Sampling;
using FwdLLM.Learning.Training;

namespace FwdLLM.Bench.Learning;

/// <summary>
/// A whole job without a cluster: the same trainer and the same device work, called directly. Equal seeds give the bits
/// that the cluster's fixed schedule gives; a test in Tests/Cluster holds the two together.
/// </summary>
/// <param name="trainer">The job.</param>
/// <param name="devices">Its devices.</param>
/// <param name="start">Where it begins; null at the job's start.</param>
/// <param name="exact">Numbers of the devices that answer probe rounds with exact gradients; null for none.</param>
public sealed class Simulation(Trainer trainer, IReadOnlyList<DeviceWorker> devices, ModelState? start = null, IReadOnlySet<int>? exact = null)
{
    private readonly string[] _ids = [.. Enumerable.Range(0, devices.Count).Select(i => $"device-{i:D5}")];

    /// <summary>State after the last round.</summary>
    public ModelState State { get; private set; } = start ?? trainer.Initial();

    /// <summary>Runs to the end; <paramref name="afterRound"/> sees every committed state.</summary>
    public ModelState Run(Action<RoundPlan, ModelState, double>? afterRound = null)
    {
        while (trainer.Plan(State) is { } plan)
        {
            var (sums, loss) = Round(plan);
            State = trainer.Step(State, plan, sums);
            afterRound?.Invoke(plan, State, loss);
        }

        return State;
    }

    private (RoundSums Sums, double Loss) Round(RoundPlan plan)
    {
        var snapshot = trainer.Snapshot(State);
        var cohort = Cohort(plan);
        RoundSums? pooled = null;
        for (uint wave = 0; ; wave++)
        {
            var works = new CompletedWork[cohort.Length];
            Parallel.For(0, cohort.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, slot =>
            {
                var isExact = plan.Kind == WorkKind.Probes && exact?.Contains(cohort[slot]) == true;
                var probes = isExact ? 0 : plan.ProbesPerDevice;
                var order = new WorkOrder
                {
                    Kind = isExact ? WorkKind.ExactGradient : plan.Kind,
                    Round = plan.Round,
                    Slot = (uint)slot,
                    Wave = wave,
                    FirstProbe = wave * (uint)probes,
                    ProbeCount = probes,
                    BatchSize = plan.BatchSize,
                };
                var result = devices[cohort[slot]].Execute(order, snapshot, CancellationToken.None);
                if (trainer.Refuse(order, result) is { } reason) throw new InvalidOperationException($"Device {cohort[slot]} was refused in round {plan.Round}: {reason}.");
                works[slot] = new CompletedWork(order, result);
            });
            var sums = trainer.Reduce(State, plan, works);
            if (pooled is null) pooled = sums;
            else pooled.Merge(sums);
            if (trainer.Gate(State, plan, pooled).Pass || wave + 1 >= plan.MaxWaves)
                return (pooled, pooled.Examples > 0 ? pooled.LossSum / pooled.Examples : double.NaN);
        }
    }

    // As the cluster chooses it: a draw from the ordinally sorted ids; a device's place among the chosen, sorted again, is its slot.
    private int[] Cohort(RoundPlan plan)
    {
        if (plan.CohortSize == 0 || plan.CohortSize >= devices.Count) return [.. Enumerable.Range(0, devices.Count)];
        var drawn = CohortSampler.Draw(trainer.Context.Key("cohorts"), plan.Round, _ids, plan.CohortSize);
        return [.. drawn.Order(StringComparer.Ordinal).Select(id => Array.IndexOf(_ids, id))];
    }
}
