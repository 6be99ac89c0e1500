using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.Cli.Running;

/// <summary>Both files of a run, read and checked against each other, and who gets which row.</summary>
public sealed record RunData
{
    /// <summary>Training rows.</summary>
    public required DataSet Train { get; init; }

    /// <summary>Held-out rows.</summary>
    public required DataSet Test { get; init; }

    /// <summary>Labels in class order.</summary>
    public required LabelIndex Labels { get; init; }

    /// <summary>Class of each training row.</summary>
    public required int[] TrainClasses { get; init; }

    /// <summary>Class of each held-out row.</summary>
    public required int[] TestClasses { get; init; }

    /// <summary>Training row indices of each device.</summary>
    public required int[][] Shards { get; init; }

    /// <summary>Reads everything a run needs.</summary>
    /// <exception cref="DataException">A file cannot be used, the test has labels the training has not, or the rows do not suffice for the devices.</exception>
    public static RunData Load(RunSettings settings)
    {
        var options = settings.DataReadOptions;
        var train = DataReader.Read(settings.Train, options);
        // Only training rows are dealt to devices; the held-out file needs no group.
        var test = DataReader.Read(settings.Test, options with { GroupColumn = null });
        var labels = LabelIndex.FromTrain(train);
        return new RunData
        {
            Train = train,
            Test = test,
            Labels = labels,
            TrainClasses = labels.Encode(train),
            TestClasses = labels.Encode(test),
            Shards = settings.DataSplit.Assign(train, settings.Devices, settings.Algorithm.Seed),
        };
    }
}
