using FwdLLM.Grains.Interfaces;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <inheritdoc cref="IReducerGrain"/>
[GrainType("reducer"), StatelessWorker]
public sealed class ReducerGrain(ITrainingFactory trainings) : Grain, IReducerGrain
{
    private (string Job, long Version, byte[] State)? _model;

    public async Task<Immutable<byte[]>> Reduce(JobSpec spec, RoundOrder order, Immutable<IReadOnlyList<RecordedContribution>> works)
    {
        var (training, state) = (trainings.Create(spec), await Model(spec, order));
        return (await Task.Run(() => training.Reduce(state, order, works.Value))).AsImmutable();
    }

    public async Task<GateReading> Gate(JobSpec spec, RoundOrder order, Immutable<IReadOnlyList<byte[]>> sums)
    {
        var (training, state) = (trainings.Create(spec), await Model(spec, order));
        var decision = await Task.Run(() => training.Gate(state, order, sums.Value));
        return new GateReading(decision.Pass, decision.Reading, decision.Threshold);
    }

    private async Task<byte[]> Model(JobSpec spec, RoundOrder order)
    {
        if (_model is not { } held || held.Job != spec.Id || held.Version != order.ModelVersion)
            _model = held = (spec.Id, order.ModelVersion, (await GrainFactory.GetGrain<IModelStateGrain>(spec.Id).GetState(order.ModelVersion)).Value);
        return held.State;
    }
}
