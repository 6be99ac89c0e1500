using System.Text.Json.Serialization;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Exports;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Cli.Settings;

/// <summary>A run, completely validated: what every option and job file comes to.</summary>
public sealed record RunSettings
{
    /// <summary>Job id: 1 to 64 of a–z, 0–9, '-', '.', '_'.</summary>
    public required string Id { get; init; }

    /// <summary>Folder of the checkpoint.</summary>
    public required string Model { get; init; }

    /// <summary>Training file.</summary>
    public required string Train { get; init; }

    /// <summary>Held-out file.</summary>
    public required string Test { get; init; }

    /// <summary>What is taught.</summary>
    public TaskKind Task { get; init; }

    /// <summary>The prompt, with {text} in it; empty for other tasks.</summary>
    public string PromptTemplate { get; init; } = "";

    /// <summary>The word that stands for each label, in ordinal order of labels; empty for other tasks.</summary>
    public IReadOnlyList<Verbalizer> Verbalizers { get; init; } = [];

    /// <summary>Context tokens that neighbouring windows share; 0 for other tasks.</summary>
    public int Stride { get; init; }

    /// <summary>Column of the text.</summary>
    public string TextColumn { get; init; } = "text";

    /// <summary>Column of the label.</summary>
    public string LabelColumn { get; init; } = "label";

    /// <summary>Leave out bad rows instead of refusing their file.</summary>
    public bool SkipBadRows { get; init; }

    /// <summary>How training rows are dealt to devices, as <see cref="DataSplit.Parse"/> reads it.</summary>
    public string Split { get; init; } = "iid";

    /// <summary>Number of devices.</summary>
    public int Devices { get; init; } = 50;

    /// <summary>Devices of these that compute exact gradients.</summary>
    public int ExactDevices { get; init; }

    /// <summary>Adapter.</summary>
    public required AdapterSpec Adapter { get; init; }

    /// <summary>In which format the model's weights are compiled.</summary>
    public PrecisionSpec Precision { get; init; } = PrecisionSpec.Float32;

    /// <summary>Recipe, with seed, estimator and stop rule.</summary>
    [JsonConverter(typeof(AlgorithmOptionsConverter))]
    public required AlgorithmOptions Algorithm { get; init; }

    /// <summary>Token limit per example.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>Evaluate after every so many rounds; 0 only after head fit and at the end.</summary>
    public int EvaluateEvery { get; init; } = 10;

    /// <summary>Who is invited and how load is allotted.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Fixed;

    /// <summary>Rounds whose journal is kept at least; 0 for all.</summary>
    public int JournalRounds { get; init; }

    /// <summary>Threads for computing; never 0.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Output folder, absolute.</summary>
    public required string Output { get; init; }

    /// <summary>Formats of the result: of <see cref="ExportFormats.Names"/>.</summary>
    public IReadOnlyList<string> Export { get; init; } = ExportOption.Default;

    /// <summary>Format of standard output.</summary>
    public OutputFormat Format { get; init; }

    /// <summary>Continue what <see cref="Output"/> holds instead of starting anew.</summary>
    [JsonIgnore]
    public bool Continue { get; init; }

    /// <summary>The split, parsed.</summary>
    [JsonIgnore]
    public DataSplit DataSplit => DataSplit.Parse(Split);

    /// <summary>How the data files are to be read.</summary>
    [JsonIgnore]
    public DataReadOptions DataReadOptions => new() { TextColumn = TextColumn, LabelColumn = LabelColumn, GroupColumn = DataSplit.GroupColumn, SkipBadRows = SkipBadRows };
}
