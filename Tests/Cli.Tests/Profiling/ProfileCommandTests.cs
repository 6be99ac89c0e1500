using System.Text.Json;
using FwdLLM.Cli.Profiling;
using FwdLLM.Cli.Settings;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Cli.Tests.Profiling;

/// <summary><c>fwdllm profile</c> on a tiny model.</summary>
public sealed class ProfileCommandTests
{
    [Fact]
    public async Task Profile_ranks_adapters_and_writes_a_job_file_that_run_accepts()
    {
        using var cli = new CliRun();
        var before = Leftovers();
        var exit = await Profile(cli, "--candidates", "lora-xs:2,bitfit,ia3@1,pfeiffer:4", "--format", "json", "--out", cli.Path("choice/adapter.yaml"), "--threads", "1");
        Assert.True(exit == ExitCodes.Success, cli.Error.ToString());
        Assert.Contains("lora-xs:2 (1 of 4): fitting the head on 60 examples", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, Leftovers());

        using var json = JsonDocument.Parse(cli.Output.ToString());
        var root = json.RootElement;
        Assert.Equal((60, 60, 4, 64), (root.GetProperty("rows").GetInt32(), root.GetProperty("examples").GetInt32(), root.GetProperty("batch_size").GetInt32(), root.GetProperty("probes").GetInt32()));
        var candidates = root.GetProperty("candidates").EnumerateArray().ToList();
        Assert.Equal(["bitfit", "ia3@1", "lora-xs:2", "pfeiffer:4"], candidates.Select(candidate => candidate.GetProperty("adapter").GetString()!).Order(StringComparer.Ordinal));
        var rates = candidates.Select(candidate => candidate.GetProperty("eta").GetDouble()).ToList();
        Assert.Equal(rates.OrderDescending(), rates);
        foreach (var candidate in candidates)
        {
            double Of(string name) => candidate.GetProperty(name).GetDouble();
            var signal = Math.Max(0, Of("squared_gradient"));
            Assert.Equal(signal * signal / (Of("squared_batch_gradient") * Of("curvature_trace")), Of("eta"), 1e-12);
            Assert.True(Of("squared_gradient_se") > 0 && Of("squared_batch_gradient_se") > 0 && Of("curvature_trace_se") > 0);
            var expected = Math.Sqrt(64 / (64.0 + candidate.GetProperty("dimension").GetInt32()));
            Assert.Equal(expected, Of("cosine"), 0.1);
        }

        var executor = new FakeExecutor();
        Assert.Equal(ExitCodes.Success, await cli.RunAsync(executor, "run", "--job", cli.Path("choice/adapter.yaml"), "--out", cli.Path("run")));
        Assert.Equal(root.GetProperty("best").GetString(), AdapterOption.Format(executor.Asked!.Adapter));
        Assert.Equal((16, 4, true), (executor.Asked.MaxTokens, executor.Asked.Algorithm.BatchSize, executor.Asked.Algorithm.BlockScaling));
    }

    [Fact]
    public async Task Equal_seeds_give_equal_figures_on_any_number_of_threads()
    {
        using var one = new CliRun();
        using var two = new CliRun();
        using var other = new CliRun();
        Assert.Equal(0, await Profile(one, "--candidates", "bitfit,lora:2", "--format", "json", "--threads", "1"));
        Assert.Equal(0, await Profile(two, "--candidates", "bitfit,lora:2", "--format", "json", "--threads", "3"));
        Assert.Equal(0, await Profile(other, "--candidates", "bitfit,lora:2", "--format", "json", "--seed", "2"));
        // The clock stands still, so the seconds are equal too.
        Assert.Equal(one.Output.ToString(), two.Output.ToString());
        Assert.NotEqual(one.Output.ToString(), other.Output.ToString());
    }

    [Fact]
    public async Task Default_list_leaves_out_what_the_model_cannot_have_and_prints_a_table()
    {
        using var cli = new CliRun();
        // Heads and blocks of width 16: lora-xs:16 fits, the upper half is layer 1.
        Assert.Equal(0, await Profile(cli, "--examples", "16"));
        var table = cli.Output.ToString();
        foreach (var part in new[] { "adapter", "|g|²", "tr H", "lora-xs:8@1", "houlsby:16", " ± " })
            Assert.Contains(part, table, StringComparison.Ordinal);
        Assert.Equal(CandidateList.Default(2).Count, table.Split('\n').Count(line => line.Contains(" ± ", StringComparison.Ordinal)));
        Assert.DoesNotContain('\u001b', table);
    }

    [Fact]
    public async Task Recipe_of_a_job_file_is_used_and_the_command_line_wins()
    {
        using var cli = new CliRun();
        var job = cli.Write("job.yaml", "adapter: bitfit\nout: precious\nseed: 3\nmax_tokens: 12\nalgorithm_options:\n  batch_size: 6\n  block_scaling: false\n  centred_residuals: false\n");
        Assert.Equal(0, await Profile(cli, "--candidates", "ia3", "--job", job, "--format", "json"));
        using var json = JsonDocument.Parse(cli.Output.ToString());
        Assert.Equal((3, 4, false, false), (json.RootElement.GetProperty("seed").GetInt32(), json.RootElement.GetProperty("batch_size").GetInt32(), json.RootElement.GetProperty("block_scaling").GetBoolean(), json.RootElement.GetProperty("centred_residuals").GetBoolean()));
        Assert.False(Directory.Exists(cli.Path("precious")));

        var importance = cli.Write("importance.yaml", "algorithm_options:\n  importance_sampling: true\n");
        Assert.Equal(ExitCodes.BadInput, await Profile(cli, "--job", importance));
        Assert.Contains("importance_sampling is true", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_few_examples_for_a_batch_are_refused()
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await Profile(cli, "--examples", "15"));
        Assert.Contains("--examples is 15; batches of 4 need at least 16", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bitfitt", "did you mean bitfit?")]
    [InlineData("", "the adapter \"\" is not known")]
    [InlineData("ia3,", "the adapter \"\" is not known")]
    [InlineData("ia3,bitfit,ia3", "names ia3 2 times")]
    [InlineData("lora-xs:2,lora:17", "the adapter lora:17 does not fit the model")]
    [InlineData("ia3@2", "the adapter ia3@2 does not fit the model")]
    public async Task Wrong_candidates_are_refused_before_anything_is_measured(string candidates, string error)
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await Profile(cli, "--candidates", candidates, "--out", cli.Path("adapter.yaml")));
        Assert.Contains(error, cli.Error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("compiling", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(cli.Path("adapter.yaml")));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"x\"}\n", "a classifier needs at least 2 labels")]
    [InlineData("{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}\n", "has 2 usable rows; batches of 4 need at least 16")]
    [InlineData("{\"text\":\"a\"}\n", "label")]
    public async Task Data_that_cannot_be_profiled_is_refused(string rows, string error)
    {
        using var cli = new CliRun();
        TinyCheckpoint.Write(cli.Path("checkpoint"));
        var data = cli.Write("public.jsonl", rows);
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "profile", cli.Path("checkpoint"), "--data", data, "--batch-size", "4"));
        Assert.Contains(error, cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_rows_are_reported_by_line()
    {
        using var cli = new CliRun();
        TinyCheckpoint.Write(cli.Path("checkpoint"));
        var data = cli.Write("public.jsonl", Rows() + "\n{\"text\": 3}\n");
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), "profile", cli.Path("checkpoint"), "--data", data, "--batch-size", "4", "--skip-bad-rows", "--candidates", "ia3", "--max-tokens", "16", "--format", "json"));
        Assert.Contains("public.jsonl, line 61: left out", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"skipped_rows\":1", cli.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_options_are_reported_together()
    {
        using var cli = new CliRun();
        cli.Write("taken.yaml", "mine");
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "profile", cli.Path("nowhere"), "--data", cli.Path("none"), "--examples", "0", "--batch-size", "x", "--out", cli.Path("taken.yaml")));
        var errors = cli.Error.ToString();
        foreach (var error in new[] { "MODEL is", "--data is", "--examples is \"0\"", "--batch-size is \"x\"", "which exists already" })
            Assert.Contains(error, errors, StringComparison.Ordinal);
        Assert.Equal(5, errors.Split("error: ").Length - 1);
        Assert.Equal("mine", File.ReadAllText(cli.Path("taken.yaml")));
    }

    [Fact]
    public async Task Interrupt_ends_with_130_and_leaves_nothing()
    {
        using var cli = new CliRun();
        var before = Leftovers();
        TinyCheckpoint.Write(cli.Path("checkpoint"));
        using var stop = new CancellationTokenSource();
        var data = cli.Write("public.jsonl", Rows());
        var settings = new ProfileSettings(Settings(cli, data), CandidateList.Parse("ia3,bitfit"), 60, null);
        var profiler = new Profiler(TimeProvider.System, line =>
        {
            if (line.StartsWith("bitfit (2 of 2): gradients", StringComparison.Ordinal)) stop.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => profiler.Run(settings, stop.Token));
        Assert.True(stop.IsCancellationRequested);
        Assert.Equal(before, Leftovers());

        Assert.Equal(ExitCodes.Interrupted, await cli.RunAsync(new FakeExecutor(), stop.Token, "profile", cli.Path("checkpoint"), "--data", data, "--out", cli.Path("adapter.yaml")));
        Assert.False(File.Exists(cli.Path("adapter.yaml")));
    }

    private static RunSettings Settings(CliRun cli, string data)
    {
        var raw = new RawSettings { ["model"] = new RawValue(cli.Path("checkpoint"), ""), ["train"] = new RawValue(data, ""), ["test"] = new RawValue(data, "") };
        raw.AlgorithmOptions["batch_size"] = new RawValue("4", "");
        return new RunSettingsBuilder(raw, new BundledAssets(cli.Path("assets")), default).Build() with { MaxTokens = 16 };
    }

    private static Task<int> Profile(CliRun cli, params string[] arguments)
    {
        TinyCheckpoint.Write(cli.Path("checkpoint"));
        return cli.RunAsync(
            new FakeExecutor(), TestContext.Current.CancellationToken,
            ["profile", cli.Path("checkpoint"), "--data", cli.Write("public.jsonl", Rows()), "--batch-size", "4", "--max-tokens", "16", .. arguments]);
    }

    // Letters say little about the label, so the head leaves something to gain.
    private static string Rows() => string.Join('\n', Enumerable.Range(0, 60).Select(row =>
        JsonSerializer.Serialize(new { text = $"{(char)('a' + (row * 7 % 26))}{(char)('a' + (row * 11 % 26))} play {(char)('a' + (row % 26))}", label = row * row % 7 < 3 ? "song" : "lamp" })));

    private static string[] Leftovers() => Directory.GetDirectories(Path.GetTempPath(), "fwdllm-profile-*");
}
