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
        var snapshot = await ReadSnapshot(GrainFactory.GetGrain<IModelGrain>(spec.Id), version);
        var (accuracy, loss, examples) = await evaluator.EvaluateAsync(spec, snapshot, CancellationToken.None);
        await GrainFactory.GetGrain<IJobGrain>(spec.Id).Evaluated(new Evaluation
        {
            Version = version,
            Round = round,
            Accuracy = accuracy,
            Loss = loss,
            Examples = examples,
            ForwardPasses = forwardPasses,
        });
    }

    private static async Task<byte[]> ReadSnapshot(IModelGrain model, long version)
    {
        var chunk = await model.GetSnapshot(version, 0);
        var snapshot = new byte[chunk.TotalBytes];
        for (var offset = 0; ; chunk = await model.GetSnapshot(version, offset))
        {
            if (chunk.Data.Length == 0 || chunk.Data.Length > snapshot.Length - offset)
                throw new InvalidDataException($"version {version} has {snapshot.Length} bytes, but the piece at {offset} has {chunk.Data.Length}.");
            chunk.Data.CopyTo(snapshot.AsSpan(offset));
            offset += chunk.Data.Length;
            if (offset == snapshot.Length)
                return snapshot;
        }
    }
}
