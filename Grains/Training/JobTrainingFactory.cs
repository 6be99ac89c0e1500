using System.Collections.Concurrent;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>Makes <see cref="JobTraining"/>, one per recipe and model, shared by the grains of a silo.</summary>
public sealed class JobTrainingFactory : ITrainingFactory
{
    /// <summary>Jobs seldom run more than a few at a time; past this the cache starts again.</summary>
    private const int MostCached = 64;

    private readonly ConcurrentDictionary<string, JobTraining> _byIdentity = new(StringComparer.Ordinal);

    public ITraining Create(JobSpec spec)
    {
        if (_byIdentity.Count > MostCached) _byIdentity.Clear();
        return _byIdentity.GetOrAdd(JobSpecIdentity.Of(spec), static (_, s) => new JobTraining(new Trainer(ToContext(s))), spec);
    }

    /// <summary>The mathematics' constants of a spec.</summary>
    public static TrainingContext ToContext(JobSpec spec)
    {
        var task = (TaskKind)spec.Task.Kind;
        return new TrainingContext(AlgorithmOptions.FromJson(spec.Algorithm), ToLayout(spec.Model.Blocks), spec.Model.FeatureSize, task.Outputs(spec.Labels.Count))
        {
            Task = task,
            StartHead = TrainingContext.ReadHead(spec.Task.StartHead),
        };
    }

    private static AdapterLayout ToLayout(IReadOnlyList<ModelBlock> blocks)
    {
        var layout = new List<AdapterBlock>(blocks.Count);
        var offset = 0;
        foreach (var block in blocks)
        {
            layout.Add(new AdapterBlock(block.Name, offset, block.Length, block.InitialBound));
            offset = checked(offset + block.Length);
        }

        return new AdapterLayout(layout);
    }
}
