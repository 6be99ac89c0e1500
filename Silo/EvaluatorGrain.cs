using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using Orleans.Concurrency;

namespace FwdLLM.Silo;

/// <summary>Fetches a version, evaluates it on the silo's held-out set if there is one, and reports to the job. One at a time per silo: an evaluation takes all processors.</summary>
[GrainType("evaluator"), StatelessWorker(1)]
internal sealed class EvaluatorGrain(IServiceProvider services) : Grain, IEvaluatorGrain
{
    public async Task Evaluate(JobSpec spec, long version, uint round, double forwardPasses)
    {
        if (services.GetService<IModelEvaluator>() is not { } evaluator)
            return;
        var snapshot = await GrainFactory.GetGrain<IModelGrain>(spec.Id).ReadSnapshotAsync(version);
        var result = await evaluator.EvaluateAsync(spec, snapshot, CancellationToken.None);
        await GrainFactory.GetGrain<IJobGrain>(spec.Id).Evaluated(new Evaluation
        {
            Version = version,
            Round = round,
            Accuracy = result.Accuracy,
            Loss = result.Loss,
            Examples = result.Examples,
            ForwardPasses = forwardPasses,
            Metric = result.Metric,
            Metrics = result.Metrics,
        });
    }
}
