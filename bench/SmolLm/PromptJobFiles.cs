using System.Globalization;
using System.Text.Json;
using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.Bench.SmolLm;

/// <summary>Writes the rows and the job files of the benchmark.</summary>
internal sealed class PromptJobFiles
{
    public const int MaxTokens = 48;
    private const int Cohort = 4, Batch = 8;

    private readonly string _folder;
    private readonly string _model;
    private readonly int _rounds;
    private readonly int _firstLayer;
    private readonly int _rank;
    private readonly int _probes;
    private int _written;

    public PromptJobFiles(string folder, string model, BenchArguments arguments)
    {
        (_folder, _model) = (folder, model);
        _rounds = arguments.GetPositive("rounds", arguments.Short ? 1 : 24);
        _firstLayer = arguments.Get("first-layer", arguments.Short ? 29 : 27);
        _rank = arguments.GetPositive("rank", 4);
        _probes = arguments.GetPositive("probes", arguments.Short ? 8 : 16);
        var train = arguments.GetPositive("train-rows", arguments.Short ? 16 : 512);
        TrainRows = WriteRows("train", "train", 0, train, arguments);
        DevelopmentRows = WriteRows("dev", "train", train, arguments.GetPositive("dev-rows", arguments.Short ? 8 : 256), arguments);
        TestRows = WriteRows("test", "test", 0, arguments.GetPositive("test-rows", arguments.Short ? 8 : 600), arguments);
    }

    public int TrainRows { get; }

    /// <summary>Rows of the training file that no device has: the prompt and the steps are chosen with them.</summary>
    public int DevelopmentRows { get; }

    public int TestRows { get; }

    /// <summary>Writes a job file. A JSON string is a YAML one.</summary>
    /// <param name="evaluateOn"><c>dev</c> or <c>test</c>.</param>
    /// <param name="template">Prompt.</param>
    /// <param name="verbalizers">Words of the classes.</param>
    /// <param name="learningRate">Step.</param>
    /// <returns>Its path.</returns>
    public string Write(string evaluateOn, string template, string verbalizers, double learningRate)
    {
        var path = Path.Combine(_folder, $"job-{_written++}.yaml");
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"""
            id: smollm
            task: prompt
            model: {JsonSerializer.Serialize(_model)}
            train: train.jsonl
            test: {evaluateOn}.jsonl
            prompt_template: {JsonSerializer.Serialize(template)}
            verbalizers: {verbalizers}
            precision: int4
            adapter: lora-xs:{_rank}@{_firstLayer}
            devices: 8
            max_tokens: {MaxTokens}
            max_passes: 0
            max_rounds: {_rounds}
            evaluate_every: 0
            algorithm_options:
              cohort_size: {Cohort}
              batch_size: {Batch}
              probes_per_device: {_probes}
              learning_rate: {learningRate}

            """));
        return path;
    }

    private int WriteRows(string name, string source, int skip, int count, BenchArguments arguments)
    {
        var rows = DataReader.Read(Path.Combine(arguments.Shared, "data", "sst2", source + ".jsonl.gz"), new DataReadOptions()).Rows.Skip(skip).Take(count).ToArray();
        File.WriteAllLines(Path.Combine(_folder, name + ".jsonl"), rows.Select(row => JsonSerializer.Serialize(new { text = row.Text, label = row.Label })));
        return rows.Length;
    }
}
