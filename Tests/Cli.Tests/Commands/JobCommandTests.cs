using System.Text.Json;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Tests;

namespace FwdLLM.Cli.Tests.Commands;

public sealed class JobCommandTests
{
    private static readonly JobStatus Running = new() { Revision = 4, Phase = JobPhase.Running, Probes = 640, Round = new() { Round = 7, Wave = 1, Invited = 4 } };

    [Fact]
    public async Task Status_asks_the_named_gateways_and_prints_one_line()
    {
        var jobs = new FakeJobs(Running);
        using var cli = new CliRun { Jobs = jobs };
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), "job", "status", "tone", "--gateway", "a:30000", "b:30000"));
        Assert.Equal(["a:30000", "b:30000"], jobs.Cluster!.Gateways);
        Assert.Contains("tone: ", cli.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("running, round 7, wave 1", cli.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("probes 640", cli.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_of_an_unknown_job_is_bad_input()
    {
        using var cli = new CliRun { Jobs = new FakeJobs(new JobStatus { Revision = 0, Phase = JobPhase.Unknown }) };
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "job", "status", "tone"));
        Assert.Contains("knows no job \"tone\"", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_as_json_is_one_object_with_the_hash_of_the_adapter()
    {
        var model = new ModelHeader { Version = 8, JournalHash = "bb", AdapterSha256 = "aa", ForwardPasses = 12.5 };
        using var cli = new CliRun { Jobs = new FakeJobs(Running with { Model = model }) };
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), "job", "status", "tone", "--format", "json"));
        using var json = JsonDocument.Parse(cli.Output.ToString());
        Assert.Equal(["tone", "running", "aa", "bb"], new[] { "job", "phase", "adapter_sha256", "journal_sha256" }.Select(name => json.RootElement.GetProperty(name).GetString()));
        Assert.Equal(8, json.RootElement.GetProperty("rounds").GetInt64());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("accuracy").ValueKind);
    }

    [Fact]
    public async Task Status_in_an_unknown_format_is_bad_input()
    {
        using var cli = new CliRun { Jobs = new FakeJobs(Running) };
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "job", "status", "tone", "--format", "xml"));
        Assert.Contains("--format is \"xml\"; give table or json.", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_follows_revisions_to_the_end()
    {
        var jobs = new FakeJobs(Running, Running with { Revision = 9, Phase = JobPhase.Failed, Message = "disk full" });
        using var cli = new CliRun { Jobs = jobs };
        Assert.Equal(ExitCodes.Failed, await cli.RunAsync(new FakeExecutor(), "job", "watch", "tone"));
        Assert.Equal(["status tone -1", "status tone 4"], jobs.Calls);
        Assert.Contains("disk full", cli.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pause_pauses()
    {
        var jobs = new FakeJobs(Running with { Phase = JobPhase.Paused });
        using var cli = new CliRun { Jobs = jobs };
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), "job", "pause", "tone"));
        Assert.Equal(["pause tone", "status tone -1"], jobs.Calls);
    }

    [Fact]
    public async Task Commands_without_what_they_need_say_so()
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "job", "status"));
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "job"));
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "jobb"));
        Assert.Contains("no command is given; there are validate, submit, status, watch, pause, export.", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("jobb is not known here; did you mean job?", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("See fwdllm job status --help.", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_refuses_data_that_does_not_fit_and_accepts_what_does()
    {
        using var cli = new CliRun();
        var model = TestPaths.RequireShared("models", "all-MiniLM-L6-v2");
        var job = cli.Write("tone.yaml", $"model: {model}\nsplit: by:user\ndevices: 5\n");
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), "job", "validate", job));
        Assert.Contains("tone.yaml is valid: job tone, default, lora-xs:8, 2 labels; 60 training rows on 5 devices (12 to 12 each, by:user), 10 held out, 0 left out.", cli.Output.ToString(), StringComparison.Ordinal);

        var crowded = cli.Write("crowded.yaml", $"model: {model}\nsplit: iid\ndevices: 61\n");
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "job", "validate", crowded));
        Assert.Contains("60 rows for 61 devices", cli.Error.ToString(), StringComparison.Ordinal);
    }
}
