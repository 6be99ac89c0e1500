using System.Text.Json;
using FwdLLM.Cli.Running;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Cli.Tests.Running;

/// <summary>Whole runs in which some of the devices compute exact gradients.</summary>
public sealed class ExactRunTests
{
    [Fact]
    public async Task Half_the_devices_exact_gives_the_same_bits_twice_and_a_lower_loss_than_probes_alone()
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

        Assert.Equal(first.Sha256, second.Sha256);
        Assert.NotEqual(first.Sha256, probes.Sha256);
        Assert.Equal(15 * 2 * 4, probes.Probes - first.Probes); // two devices of four gave none in 15 rounds
        Assert.True(first.Loss < probes.Loss, $"{first.Loss} with exact gradients, {probes.Loss} with probes alone");
    }

    private static async Task<(string Sha256, double Loss, long Probes)> RunAsync(CliRun cli, string exact)
    {
        var exit = await cli.RunAsync(
            new LocalRunExecutor(TimeProvider.System, () => 0.5), TestContext.Current.CancellationToken,
            "run", "--job", cli.Path("job.yaml"), "--exact-devices", exact, "--out", cli.Path($"out-{exact}"), "--format", "json");
        Assert.True(exit == ExitCodes.Success, cli.Error.ToString());
        using var summary = JsonDocument.Parse(cli.Output.ToString().TrimEnd().Split('\n')[^1]);
        var root = summary.RootElement;
        return (root.GetProperty("adapter_sha256").GetString()!, root.GetProperty("loss").GetDouble(), root.GetProperty("probes").GetInt64());
    }

    // Which words stand together makes the label, so that the features of a model of random weights do not separate the rows as they are.
    private static string Row(int row)
    {
        var (first, second) = (row & 1, (row >> 1) & 1);
        var text = $"{(first == 0 ? "play" : "dim")} {(char)('a' + (row % 7))} {(second == 0 ? "loud" : "light")}";
        return JsonSerializer.Serialize(new { text, label = first == second ? "song" : "lamp" });
    }
}
