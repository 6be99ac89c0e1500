using System.Text.Json;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Cli.Tests.Commands;

public sealed class RunCommandTests
{
    [Fact]
    public async Task Run_without_options_uses_what_comes_with_the_program()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        Assert.Equal(ExitCodes.Success, await cli.RunAsync(executor, "run", "--out", cli.Path("out")));
        var settings = executor.Asked!;
        Assert.Equal((cli.Path("assets/models/small"), cli.Path("assets/data/train.jsonl"), cli.Path("assets/data/test.jsonl")), (settings.Model, settings.Train, settings.Test));
        Assert.Equal(("run-20260102-030405", 50, BundledAssets.Split, 64), (settings.Id, settings.Devices, settings.Split, settings.MaxTokens));
        Assert.Equal(new AlgorithmOptions { MaxPasses = BundledAssets.Passes }, settings.Algorithm);
        Assert.Equal(AdapterSpec.Default, settings.Adapter);
    }

    [Fact]
    public async Task Result_is_exported_for_peft_unless_formats_are_named()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--out", cli.Path("out")));
        Assert.Equal(["peft"], executor.Asked!.Export);
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--export", "onnx, gguf,onnx", "--out", cli.Path("other")));
        Assert.Equal(["onnx", "gguf"], executor.Asked.Export);
    }

    [Fact]
    public async Task Reference_recipe_keeps_its_own_defaults()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--algorithm", "fwdllm-reference", "--max-rounds", "3", "--out", cli.Path("out")));
        Assert.Equal(AlgorithmOptions.Reference with { MaxRounds = 3, MaxPasses = BundledAssets.Passes }, executor.Asked!.Algorithm);
    }

    [Fact]
    public async Task Json_is_exactly_one_object_on_standard_output()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor((settings, observer, _) =>
        {
            observer.Report(new RunProgress { Phase = "training", Round = 3 });
            return Task.FromResult(FakeExecutor.Summary(settings));
        });
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--format", "json", "--seed", "18446744073709551615", "--out", cli.Path("out")));
        var line = cli.Output.ToString();
        Assert.Equal(1, line.Count(c => c == '\n'));
        using var json = JsonDocument.Parse(line);
        Assert.Equal(
            ["accuracy", "accuracy_head_only", "adapter", "adapter_sha256", "admission_cosine", "algorithm", "bytes_down_per_device", "bytes_up_per_device", "bytes_up_per_probe", "devices", "estimator", "exact_devices", "forward_passes", "job", "loss", "loss_head_only", "metric", "metrics", "output", "peak_rss_bytes", "precision", "probes", "rounds", "seconds", "seed", "skipped_rows", "task"],
            json.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal(ulong.MaxValue, json.RootElement.GetProperty("seed").GetUInt64());
        Assert.Equal(0.8104, json.RootElement.GetProperty("accuracy").GetDouble());
        Assert.Contains("training, round 3", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_has_null_for_what_is_not_known()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor((settings, _, _) => Task.FromResult(FakeExecutor.Summary(settings) with { AccuracyHeadOnly = double.NaN, Loss = double.PositiveInfinity }));
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--format", "json", "--out", cli.Path("out")));
        using var json = JsonDocument.Parse(cli.Output.ToString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("accuracy_head_only").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("loss").ValueKind);
    }

    [Fact]
    public async Task Figures_of_a_task_are_shown_under_their_own_names()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor((settings, _, _) => Task.FromResult(FakeExecutor.Summary(settings) with { Metric = "f1", Metrics = new Dictionary<string, double> { ["f1"] = 0.8104, ["exact_match"] = 0.5, ["perplexity"] = double.PositiveInfinity } }));
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--out", cli.Path("out")));
        foreach (var part in new[] { "f1, head only", "81.04 %", "exact match", "0.5000" })
            Assert.Contains(part, cli.Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("perplexity", cli.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_shows_before_and_after()
    {
        using var cli = new CliRun();
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), "run", "--out", cli.Path("out")));
        var table = cli.Output.ToString();
        foreach (var part in new[] { "73.12 %", "81.04 %", "+7.92 points", "20,000", "20.5 kB", "368.6 kB", "15.7 B", "412 MB", "1 min 33 s" })
            Assert.Contains(part, table, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table);
        Assert.All(table.Split('\n'), line => Assert.InRange(line.TrimEnd('\r').Length, 0, 80));
    }

    [Fact]
    public async Task Interrupted_run_ends_with_130_and_can_be_continued_with_the_same_settings()
    {
        using var cli = new CliRun();
        using var stop = new CancellationTokenSource();
        var first = new FakeExecutor(async (_, _, cancellation) =>
        {
            await stop.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
            throw new InvalidOperationException("not reached");
        });
        Assert.Equal(ExitCodes.Interrupted, await cli.RunAsync(first, stop.Token, "run", "--seed", "5", "--adapter", "lora:4", "--split", "dirichlet:0.3", "--out", cli.Path("out")));
        Assert.Contains($"fwdllm run --continue {cli.Path("out")}", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(cli.Output.ToString());

        var second = new FakeExecutor();
        Assert.Equal(0, await cli.RunAsync(second, "run", "--continue", cli.Path("out"), "--threads", "3", "--format", "json"));
        Assert.True(second.Asked!.Continue);
        Assert.Equal(3, second.Asked.Threads);
        Assert.Equal((first.Asked!.Id, first.Asked.Split, first.Asked.Algorithm, first.Asked.Train), (second.Asked.Id, second.Asked.Split, second.Asked.Algorithm, second.Asked.Train));
        Assert.Equal(first.Asked.Adapter with { Targets = [] }, second.Asked.Adapter with { Targets = [] });
        Assert.Equal(first.Asked.Adapter.Targets, second.Asked.Adapter.Targets);

        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(second, "run", "--continue", cli.Path("out")));
        Assert.Contains("is finished", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Continue_refuses_other_settings_and_folders_without_a_run()
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--continue", cli.Path("out"), "--devices", "3", "--seed", "2"));
        Assert.Contains("--devices cannot be given with --continue", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("--seed cannot be given with --continue", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--continue", cli.Path("out")));
        Assert.Contains("holds no run", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_settings_cannot_be_continued()
    {
        using var cli = new CliRun();
        cli.Write("out/settings.json", "{\"id\": 3");
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--continue", cli.Path("out")));
        Assert.Contains("cannot be read", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_run_ends_with_1_and_one_line()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor((_, _, _) => throw new RunException("device 3 ran out of memory; lower --threads."));
        Assert.Equal(ExitCodes.Failed, await cli.RunAsync(executor, "run", "--out", cli.Path("out")));
        Assert.Equal("error: device 3 ran out of memory; lower --threads.", cli.Error.ToString().Trim());
        Assert.Empty(cli.Output.ToString());
    }

    [Theory]
    [InlineData("--devcies", "did you mean --devices?")]
    [InlineData("--zzzzzzzz", "--zzzzzzzz is not known here")]
    [InlineData("stray", "stray is not known here")]
    public async Task Unknown_option_is_refused_with_the_nearest(string option, string error)
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", option, "5"));
        Assert.Contains(error, cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("See fwdllm run --help.", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--train", "x.jsonl", "--train is given without --test")]
    [InlineData("--train", "x.jsonl", "x.jsonl\", which does not exist")]
    [InlineData("--seed", "-1", "--seed")]
    [InlineData("--devices", "1e3", "--devices is \"1e3\"; give a whole number from 1 to 100000.")]
    [InlineData("--estimator", "centrall", "--estimator is \"centrall\"; did you mean central?")]
    [InlineData("--estimator", "oracle", "give jvp or one-sided or central")]
    [InlineData("--split", "by:", "--split: The split \"by:\" names no column")]
    [InlineData("--export", "onxx,peft", "--export: the export format \"onxx\" is not known; did you mean onnx?")]
    [InlineData("--export", "", "--export: the export format \"\" is not known; known are peft, onnx, onnx-adapter, gguf.")]
    [InlineData("--id", "Mail Tone", "--id is \"Mail Tone\"; give 1 to 64 of a-z")]
    [InlineData("--label-column", "text", "are both \"text\"")]
    public async Task Wrong_value_is_refused_before_anything_starts(string option, string value, string error)
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(executor, "run", option, value, "--out", cli.Path("out")));
        Assert.Contains(error, cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Null(executor.Asked);
        Assert.False(Directory.Exists(cli.Path("out")));
    }

    [Fact]
    public async Task Output_folder_that_is_not_empty_is_never_written_to()
    {
        using var cli = new CliRun();
        cli.Write("out/precious.txt", "mine");
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--out", cli.Path("out")));
        Assert.Contains("which is not empty", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Single(Directory.EnumerateFileSystemEntries(cli.Path("out")));
    }

    [Fact]
    public async Task Help_names_every_setting()
    {
        using var cli = new CliRun();
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), "run", "--help"));
        foreach (var key in Cli.Settings.SettingKey.All)
            Assert.Contains(key.Option, cli.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_that_comes_to_nothing_leaves_no_folder_and_one_that_has_begun_keeps_what_it_has()
    {
        using var cli = new CliRun();
        var refusing = new FakeExecutor((_, _, _) => throw new RunException("the model does not suit"));
        Assert.NotEqual(ExitCodes.Success, await cli.RunAsync(refusing, "run", "--out", cli.Path("refused")));
        Assert.False(Directory.Exists(cli.Path("refused")));
        var failing = new FakeExecutor((settings, _, _) =>
        {
            Directory.CreateDirectory(Path.Combine(settings.Output, "state"));
            throw new RunException("the job failed");
        });
        Assert.NotEqual(ExitCodes.Success, await cli.RunAsync(failing, "run", "--out", cli.Path("failed")));
        Assert.True(File.Exists(Path.Combine(cli.Path("failed"), RunFolder.SettingsFile)));
    }
}
