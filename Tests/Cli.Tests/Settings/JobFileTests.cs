using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Tests.Settings;

public sealed class JobFileTests
{
    [Fact]
    public async Task Job_file_sets_everything_and_the_command_line_wins()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        var job = cli.Write("job.yaml", """
            # comment
            train: assets/data/train.jsonl
            test: assets/data/test.jsonl
            split: by:user
            devices: 5
            adapter: lora:4
            estimator: one-sided
            seed: 7
            max_passes: 1000
            schedule: adaptive
            skip_bad_rows: true
            algorithm_options:
              head_first: false
              learning_rate: 0.25
              probes_per_device: 32
              gate: none
            """);
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--job", job, "--seed", "9", "--out", cli.Path("out")));
        var settings = executor.Asked!;
        Assert.Equal(cli.Path("assets/data/train.jsonl"), settings.Train);
        Assert.Equal(("by:user", 5, 4, true, ScheduleKind.Adaptive), (settings.Split, settings.Devices, settings.Adapter.Rank, settings.SkipBadRows, settings.Schedule));
        Assert.Equal(new AlgorithmOptions { HeadFirst = false, LearningRate = 0.25, ProbesPerDevice = 32, Gate = GateKind.None, Seed = 9, MaxPasses = 1000, Estimator = EstimatorKind.OneSided }, settings.Algorithm);
    }

    [Theory]
    [InlineData("devcies: 5", "line 1: the key devcies is not known; did you mean devices?")]
    [InlineData("seed: 1\nmax-pases: 5", "line 2: the key max-pases is not known; did you mean max_passes?")]
    [InlineData("zzz: 5", "the key zzz is not known; known are model, train,")]
    [InlineData("algorithm_options:\n  learnig_rate: 1", "line 2: algorithm_options has no learnig_rate; did you mean learning_rate?")]
    [InlineData("algorithm_options:\n  seed: 1", "line 2: seed is set at the top of the file, as seed: 1")]
    [InlineData("algorithm_options:\n  name: mine", "name is set at the top of the file, as algorithm: mine")]
    [InlineData("algorithm_options: fast", "write its options indented below it")]
    [InlineData("seed: 1\nseed: 2", "line 2: seed stands twice")]
    [InlineData("devices: [1, 2]", "line 1: the value of devices is a list")]
    [InlineData("devices: &a 5\nseed: *a", "line 2: the value of seed is a list, a mapping or an alias")]
    [InlineData("- devices", "line 1: not a mapping")]
    [InlineData("", "is empty")]
    [InlineData("devices: 5\n---\nseed: 1", "a second document")]
    [InlineData("devices: \"5", "not YAML")]
    [InlineData("devices: many", "line 1: devices is \"many\"; give a whole number from 1 to 100000.")]
    [InlineData("algorithm_options:\n  batch_size: 0", "algorithm_options: batch_size is 0; give a value from 1 to 4096.")]
    [InlineData("algorithm_options:\n  gate: strict", "line 2: gate is \"strict\"; give one of none, split-half, reference.")]
    [InlineData("algorithm_options:\n  head_first: yes", "line 2: head_first is \"yes\"; give true or false.")]
    [InlineData("algorithm_options:\n  learning_rate: NaN", "give a number")]
    public async Task Wrong_job_file_is_refused_with_line_and_remedy(string yaml, string error)
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(executor, "run", "--job", cli.Write("job.yaml", yaml), "--out", cli.Path("out")));
        Assert.Contains(error, cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Null(executor.Asked);
        Assert.False(Directory.Exists(cli.Path("out")));
    }

    [Fact]
    public async Task All_errors_of_a_file_are_shown_at_once()
    {
        using var cli = new CliRun();
        var job = cli.Write("job.yaml", "devices: 0\nseed: x\nadapter: magic\nsplit: magic\nmodel: nowhere\nthreads: 0\nformat: xml\n");
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--job", job, "--out", cli.Path("out")));
        Assert.Equal(7, cli.Error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.StartsWith("error: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Missing_job_file_is_named()
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--job", cli.Path("none.yaml")));
        Assert.Contains("does not exist", cli.Error.ToString(), StringComparison.Ordinal);
    }
}
