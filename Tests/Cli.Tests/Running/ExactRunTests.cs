using System.Text.Json;
using FwdLLM.Cli.Running;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Cli.Tests.Running;

/// <summary>Whole runs in which some of the devices compute exact gradients.</summary>
public sealed class ExactRunTests
{
    [Fact]
    public async Task Half_or_all_of_the_devices_exact_lower_the_loss_and_give_the_same_bits_twice()
    {
        using var cli = new CliRun();
        TinyCheckpoint.Write(cli.Path("checkpoint"));
        cli.Write("assets/data/train.jsonl", string.Join('\n', Enumerable.Range(0, 80).Select(Row)));
        cli.Write("assets/data/test.jsonl", string.Join('\n', Enumerable.Range(80, 40).Select(Row)));
        cli.Write("job.yaml", $"""
            model: {cli.Path("checkpoint")}
            train: {cli.Path("assets/data/train.jsonl")}
            test: {cli.Path("assets/data/test.jsonl")}
            devices: 4
            seed: 7
            max_rounds: 15
            max_tokens: 16
            algorithm_options:
              cohort_size: 4
              probes_per_device: 4
              batch_size: 8
            """);

        var (probes, first, second) = (await RunAsync(cli, "0"), await RunAsync(cli, "0.5"), await RunAsync(cli, "2"));
        var all = await RunAsync(cli, "4", "--estimator", "exact");

        Assert.Equal(first.Sha256, second.Sha256);
        Assert.NotEqual(first.Sha256, probes.Sha256);
        Assert.Equal(15 * 2 * 4, probes.Probes - first.Probes); // two devices of four gave none in 15 rounds
        Assert.Equal((0, 2, 2, 4), (probes.Exact, first.Exact, second.Exact, all.Exact));
        Assert.Equal(4 * 8, all.Probes); // those of the curvature
        Assert.All([first, all], run => Assert.True(run.Loss < run.HeadOnly, $"{run.HeadOnly} → {run.Loss}"));
    }

    private static async Task<(string Sha256, double HeadOnly, double Loss, long Probes, int Exact)> RunAsync(CliRun cli, string exact, params string[] more)
    {
        var exit = await cli.RunAsync(
            new LocalRunExecutor(TimeProvider.System, () => 0.5), TestContext.Current.CancellationToken,
            ["run", "--job", cli.Path("job.yaml"), "--exact-devices", exact, "--out", cli.Path($"out-{exact}"), "--format", "json", .. more]);
        Assert.True(exit == ExitCodes.Success, cli.Error.ToString());
        using var summary = JsonDocument.Parse(cli.Output.ToString().TrimEnd().Split('\n')[^1]);
        var root = summary.RootElement;
        return (root.GetProperty("adapter_sha256").GetString()!, root.GetProperty("loss_head_only").GetDouble(), root.GetProperty("loss").GetDouble(), root.GetProperty("probes").GetInt64(), root.GetProperty("exact_devices").GetInt32());
    }

    // Which words stand together makes the label, so that the features of a model of random weights do not separate the rows as they are.
    private static string Row(int row)
    {
        var (first, second) = (row & 1, (row >> 1) & 1);
        var text = $"{(first == 0 ? "play" : "dim")} {(char)('a' + (row % 7))} {(second == 0 ? "loud" : "light")}";
        return JsonSerializer.Serialize(new { text, label = first == second ? "song" : "lamp" });
    }
}
