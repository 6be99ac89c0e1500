using FwdLLM.DeviceAgent.Data;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.DeviceAgent;

/// <summary>The one place where the agent's devices get their data, model and computation.</summary>
public static class AgentComposition
{
    /// <summary>Makes the workers of this process from its arguments.</summary>
    /// <param name="arguments">Data file, split, its seed, columns, number of devices.</param>
    /// <param name="model">Folder of a job's compiled model, fetched if it is not here yet.</param>
    /// <exception cref="ArgumentException">The seed of the split is not known yet.</exception>
    /// <exception cref="AgentException">The data cannot be used, or does not suffice for the devices.</exception>
    public static IWorkerFactory Create(AgentArguments arguments, Func<JobSpec, CancellationToken, Task<string>> model)
    {
        var seed = arguments.SplitSeed ?? throw new ArgumentException($"{nameof(arguments.SplitSeed)} is not set; take the job's seed.", nameof(arguments));
        try
        {
            var split = DataSplit.Parse(arguments.Split);
            var data = TaskData.Read(arguments.Task ?? TaskKind.Classification, arguments.DataFile, new DataReadOptions
            {
                TextColumn = arguments.TextColumn,
                LabelColumn = arguments.LabelColumn,
                GroupColumn = split.GroupColumn,
            });
            var shards = split.Assign(data.Rows, arguments.TotalDevices, seed);
            var exact = Enumerable.Range(arguments.Fleet.FirstDevice, arguments.Exact ? arguments.Fleet.DeviceCount : 0).ToHashSet();
            return new ShardWorkerFactory(data, shards, model, new RuntimeOptions(), exact);
        }
        catch (DataException e)
        {
            throw new AgentException(e.Message);
        }
    }
}
