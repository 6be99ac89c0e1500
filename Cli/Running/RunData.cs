using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.Cli.Running;

/// <summary>Both files of a run, read and checked against each other, and who gets which row.</summary>
public sealed record RunData
{
    /// <summary>Training rows.</summary>
    public required TaskData Train { get; init; }

    /// <summary>Held-out rows.</summary>
    public required TaskData Test { get; init; }

    /// <summary>Labels in class order; empty where the task has none.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Training row indices of each device.</summary>
    public required int[][] Shards { get; init; }

    /// <summary>Reads everything a run needs.</summary>
    /// <exception cref="DataException">A file cannot be used, the test has labels the training has not, or the rows do not suffice for the devices.</exception>
    public static RunData Load(RunSettings settings)
    {
        var options = settings.DataReadOptions;
        var train = TaskData.Read(settings.Task, settings.Train, options);
        // Only training rows are dealt to devices; the held-out file needs no group.
        var test = TaskData.Read(settings.Task, settings.Test, options with { GroupColumn = null });
        var labels = settings.Task.HasLabels() ? LabelIndex.FromTrain((DataSet<LabelledText>)train.Rows) : null;
        labels?.Encode((DataSet<LabelledText>)test.Rows);
        return new RunData
        {
            Train = train,
            Test = test,
            Labels = labels?.Labels ?? [],
            Shards = settings.DataSplit.Assign(train.Rows, settings.Devices, settings.Algorithm.Seed),
        };
    }
}
