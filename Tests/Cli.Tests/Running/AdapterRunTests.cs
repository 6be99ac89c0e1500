using System.Text.Json;
using FwdLLM.Cli.Running;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Peft;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Cli.Tests.Running;

/// <summary>Whole runs of <c>fwdllm run</c> on a tiny model, one for each kind of adapter.</summary>
public sealed class AdapterRunTests
{
    [Theory]
    [InlineData("lora-xs:2", AdapterKinds.Lora)]
    [InlineData("lora:2", AdapterKinds.Lora)]
    [InlineData("rslora-all:3", AdapterKinds.Lora)]
    [InlineData("ia3", AdapterKinds.Ia3)]
    [InlineData("bitfit", AdapterKinds.BitFit)]
    [InlineData("houlsby:4", AdapterKinds.Houlsby)]
    [InlineData("pfeiffer:4", AdapterKinds.Pfeiffer)]
    public async Task Run_trains_the_adapter_and_writes_what_reads_back_to_the_same_one(string adapter, string savedKind)
    {
        using var cli = new CliRun();
        var model = Prepare(cli);
        // A last head fit may take so short a run's adapter back.
        File.WriteAllText(cli.Path("job.yaml"), "algorithm_options:\n  head_last: false\n");
        var exit = await cli.RunAsync(
            new LocalRunExecutor(TimeProvider.System, () => 0.5), TestContext.Current.CancellationToken,
            "run", "--job", cli.Path("job.yaml"), "--model", model, "--adapter", adapter, "--train", cli.Path("assets/data/train.jsonl"), "--test", cli.Path("assets/data/test.jsonl"),
            "--split", "iid", "--devices", "4", "--seed", "7", "--max-rounds", "6", "--max-tokens", "16", "--out", cli.Path("out"), "--format", "json");
        Assert.True(exit == ExitCodes.Success, cli.Error.ToString());
        using var summary = JsonDocument.Parse(cli.Output.ToString());
        Assert.Equal(adapter, summary.RootElement.GetProperty("adapter").GetString());

        using var checkpoint = Checkpoint.Open(model);
        var spec = AdapterImport.Specification(cli.Path("out/adapter"), checkpoint.Config)!;
        Assert.Equal(savedKind, spec.Kind);
        var theta = AdapterImport.Theta(cli.Path("out/adapter"), spec, checkpoint);
        var compiled = ModelCompiler.Compile(checkpoint, spec, cli.Path("compiled"), withVjp: false);
        Assert.Contains(compiled.Layout.Blocks, block => block.InitialBound == 0 && theta.AsSpan(block.Offset, block.Length).IndexOfAnyExcept(0f) >= 0);

        AdapterExport.Write(cli.Path("again"), compiled, theta, [], PeftTask.FeatureExtraction, "checkpoint");
        Assert.Equal(File.ReadAllBytes(cli.Path("out/adapter/adapter_model.safetensors")), File.ReadAllBytes(cli.Path("again/adapter_model.safetensors")));
        Assert.Equal(JsonSerializer.Serialize(spec), JsonSerializer.Serialize(AdapterImport.Specification(cli.Path("again"), checkpoint.Config)));
    }

    [Theory]
    [InlineData("lora:17", "rank 17")]
    [InlineData("lora-all:512", "rank 512")]
    public async Task Adapter_that_does_not_fit_the_model_is_bad_input(string adapter, string reason)
    {
        using var cli = new CliRun();
        var model = Prepare(cli);
        var exit = await cli.RunAsync(
            new LocalRunExecutor(TimeProvider.System, () => 0.5), TestContext.Current.CancellationToken,
            "run", "--model", model, "--adapter", adapter, "--train", cli.Path("assets/data/train.jsonl"), "--test", cli.Path("assets/data/test.jsonl"),
            "--split", "iid", "--devices", "4", "--out", cli.Path("out"));
        Assert.Equal(ExitCodes.BadInput, exit);
        Assert.Contains($"the adapter {adapter} does not fit the model", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains(reason, cli.Error.ToString(), StringComparison.Ordinal);
    }

    private static string Prepare(CliRun cli)
    {
        TinyCheckpoint.Write(cli.Path("checkpoint"));
        static string Row(int row)
        {
            var letter = (char)('a' + (row % 26));
            return JsonSerializer.Serialize(row % 2 == 0 ? new { text = $"play loud {letter}", label = "song" } : new { text = $"dim light {letter}", label = "lamp" });
        }

        cli.Write("assets/data/train.jsonl", string.Join('\n', Enumerable.Range(0, 60).Select(Row)));
        cli.Write("assets/data/test.jsonl", string.Join('\n', Enumerable.Range(60, 10).Select(Row)));
        return cli.Path("checkpoint");
    }
}
