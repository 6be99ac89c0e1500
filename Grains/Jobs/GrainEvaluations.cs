using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Evaluates by the cluster's <see cref="IEvaluatorGrain"/>.</summary>
public sealed class GrainEvaluations(IGrainFactory grains) : IEvaluations
{
    public async Task Evaluate(JobSpec spec, ModelHeader model) =>
        await grains.GetGrain<IEvaluatorGrain>(0).Evaluate(spec, model.Version, (uint)Math.Max(0, model.Version - 1), model.ForwardPasses);
}
