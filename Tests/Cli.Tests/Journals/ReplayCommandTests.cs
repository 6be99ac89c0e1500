using System.Text.Json;
using FwdLLM.Cli.Journals;
using FwdLLM.Cli.Running;
using FwdLLM.Grains;
using FwdLLM.Learning.Training;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Cli.Tests.Journals;

/// <summary>Runs of both recipes on a tiny model, and the replay of what they leave behind.</summary>
public sealed class ReplayCommandTests(ReplayCommandTests.Runs runs) : IClassFixture<ReplayCommandTests.Runs>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("default", "1,2,3,4")] // Statistics, head fit, curvature, probes; then statistics and head fit once more.
    [InlineData("exact", "1,2,3,4")]
    [InlineData("last", "1,2,4")]
    [InlineData("reference", "4")]
    public async Task Run_is_replayed_to_the_same_hashes(string run, string kinds)
    {
        using var cli = new CliRun();
        var exit = await cli.RunAsync(new FakeExecutor(), Cancellation, "replay", runs.Folder(run), "--format", "json");
        Assert.True(exit == 0, cli.Error.ToString());
        using var summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(runs.Folder(run), "summary.json")));
        using var replay = JsonDocument.Parse(cli.Output.ToString().TrimEnd().Split('\n')[^1]);
        Assert.Equal(summary.RootElement.GetProperty("adapter_sha256").GetString(), replay.RootElement.GetProperty("adapter_sha256").GetString());
        Assert.Equal(summary.RootElement.GetProperty("rounds").GetInt64(), replay.RootElement.GetProperty("rounds").GetInt64());
        Assert.True(replay.RootElement.GetProperty("equal").GetBoolean());

        using var journal = await JournalFile.OpenAsync(runs.Journal(run), Cancellation);
        var entries = new List<JournalEntry>();
        for (var round = (uint)journal.Head.First; round < journal.Head.Version; round++) entries.Add(JournalEntry.FromBytes(round, (await journal.ReadAsync(round, 0, Cancellation))!));
        Assert.Equal(kinds, string.Join(',', entries.Select(entry => entry.Order.Kind).Distinct().Order()));
        var works = entries.SelectMany(entry => JournalParts.Whole(entry).Contributions).ToList();
        Assert.Equal(run == "exact", works.Exists(work => work.Assignment.Kind == (byte)WorkKind.ExactGradient));
        Assert.Equal(works.Count, replay.RootElement.GetProperty("contributions").GetInt64());
        if (run == "default") Assert.Equal((byte)WorkKind.HeadGradient, entries[^1].Order.Kind);
    }

    [Fact]
    public async Task Any_changed_byte_of_the_file_is_found()
    {
        var bytes = await File.ReadAllBytesAsync(runs.Journal("reference"), Cancellation);
        using var cli = new CliRun();
        var random = new Random(4);
        foreach (var position in Enumerable.Range(0, 60).Select(_ => random.Next(bytes.Length)).Append(0).Append(bytes.Length - 1))
        {
            var changed = bytes.ToArray();
            changed[position] ^= 0x40;
            await File.WriteAllBytesAsync(cli.Path("changed.fwj"), changed, Cancellation);
            Assert.Equal((position, ExitCodes.Failed), (position, await cli.RunAsync(new FakeExecutor(), Cancellation, "replay", cli.Path("changed.fwj"))));
        }

        Assert.Equal(62, cli.Error.ToString().Split("error: ").Length - 1);
    }

    [Fact]
    public async Task Changed_scalar_is_named_with_round_and_device_and_the_object_says_so()
    {
        var bytes = await File.ReadAllBytesAsync(runs.Journal("reference"), Cancellation);
        bytes[^64] ^= 1; // In the last entry, before the end frame of 45 bytes: a scalar of its last device.
        using var cli = new CliRun();
        await File.WriteAllBytesAsync(cli.Path("changed.fwj"), bytes, Cancellation);
        Assert.Equal(ExitCodes.Failed, await cli.RunAsync(new FakeExecutor(), Cancellation, "replay", cli.Path("changed.fwj"), "--format", "json"));
        using var replay = JsonDocument.Parse(cli.Output.ToString());
        Assert.False(replay.RootElement.GetProperty("equal").GetBoolean());
        Assert.Matches(@"round \d+ is damaged: contribution \d+ \(device 'device-\d+'.*was changed", replay.RootElement.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("missing", "is missing or was moved")]
    [InlineData("twice", "stands there twice")]
    [InlineData("reordered", "is missing or was moved")]
    [InlineData("cut", "in the middle or before its end frame")]
    [InlineData("appended", "9 bytes were appended after its end")]
    public async Task Frames_that_are_not_in_their_places_are_named(string change, string because)
    {
        var bytes = await File.ReadAllBytesAsync(runs.Journal("reference"), Cancellation);
        var frames = new List<byte[]>();
        for (var at = 8; at < bytes.Length; at += frames[^1].Length) frames.Add(bytes[at..(at + 45 + BitConverter.ToInt32(bytes, at + 9))]);
        byte[][] all = change switch
        {
            "missing" => [.. frames.Take(2), .. frames.Skip(3)],
            "twice" => [.. frames.Take(3), frames[2], .. frames.Skip(3)],
            "reordered" => [.. frames.Take(2), frames[3], frames[2], .. frames.Skip(4)],
            "cut" => [.. frames.SkipLast(1)],
            _ => [.. frames, new byte[9]],
        };
        using var cli = new CliRun();
        await File.WriteAllBytesAsync(cli.Path("changed.fwj"), [.. bytes[..8], .. all.SelectMany(frame => frame)], Cancellation);
        Assert.Equal(ExitCodes.Failed, await cli.RunAsync(new FakeExecutor(), Cancellation, "replay", cli.Path("changed.fwj")));
        Assert.Contains(because, cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Journal_of_a_cluster_is_written_as_a_file_and_replayed_without_one()
    {
        using var source = await JournalFile.OpenAsync(runs.Journal("last"), Cancellation);
        Assert.True(source.Head.First > 0);
        var jobs = new FakeJobs { Journal = source };
        using var cli = new CliRun { Jobs = jobs };
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), Cancellation, "job", "journal", "last", "--out", cli.Path("copy.fwj"), "--gateway", "a:1"));
        Assert.Equal(["a:1"], jobs.Cluster?.Gateways);
        Assert.Equal(await File.ReadAllBytesAsync(runs.Journal("last"), Cancellation), await File.ReadAllBytesAsync(cli.Path("copy.fwj"), Cancellation));
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), Cancellation, "replay", "last", "--gateway", "a:1"));
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), Cancellation, "replay", cli.Path("copy.fwj"), "--expect", source.Head.AdapterSha256));
        Assert.Contains("equal, bit for bit", cli.Output.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, await cli.RunAsync(new FakeExecutor(), Cancellation, "replay", cli.Path("copy.fwj"), "--expect", new string('a', 64)));
        Assert.Contains($"but {new string('a', 64)} was expected", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), Cancellation, "job", "journal", "last", "--out", cli.Path("copy.fwj")));
    }

    [Fact]
    public async Task Replay_that_is_interrupted_says_so()
    {
        using var cli = new CliRun();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        Assert.Equal(ExitCodes.Interrupted, await cli.RunAsync(new FakeExecutor(), stop.Token, "replay", runs.Journal("default")));
    }

    [Theory]
    [InlineData("Not a job!", "no file, no folder and no job id")]
    [InlineData("unknown-job", "has no journal yet on this cluster")]
    public async Task What_cannot_be_replayed_is_bad_input(string name, string because)
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), Cancellation, "replay", name));
        Assert.Contains(because, cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("some", "give all, or last:N")]
    [InlineData("last:0", "give all, or last:N")]
    [InlineData("last:+1", "give all, or last:N")]
    public async Task Retention_that_is_none_is_bad_input(string text, string because)
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), Cancellation, "run", "--journal", text));
        Assert.Contains(because, cli.Error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>One run of each kind.</summary>
    public sealed class Runs : IAsyncLifetime
    {
        private readonly CliRun _cli = new();

        public string Folder(string run) => _cli.Path(run);

        public string Journal(string run) => Path.Combine(Folder(run), "journal.fwj");

        public async ValueTask InitializeAsync()
        {
            TinyCheckpoint.Write(_cli.Path("checkpoint"));
            _cli.Write("data/train.jsonl", string.Join('\n', Enumerable.Range(0, 60).Select(Row)));
            _cli.Write("data/test.jsonl", string.Join('\n', Enumerable.Range(60, 10).Select(Row)));
            await RunAsync("default");
            await RunAsync("exact", "--exact-devices", "2");
            await RunAsync("last", "--journal", "last:4");
            await RunAsync("reference", "--algorithm", "fwdllm-reference");
        }

        public ValueTask DisposeAsync()
        {
            _cli.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task RunAsync(string name, params string[] more)
        {
            var recipe = name == "reference" ? "  cohort_size: 3\n  probes_per_device: 4\n" : "  cohort_size: 3\n  probes_per_device: 4\n  batch_size: 4\n  head_iterations: 3\n";
            _cli.Write($"{name}.yaml", $"algorithm_options:\n{recipe}");
            var exit = await _cli.RunAsync(
                new LocalRunExecutor(TimeProvider.System, () => 0.5), TestContext.Current.CancellationToken,
                ["run", "--job", _cli.Path($"{name}.yaml"), "--model", _cli.Path("checkpoint"), "--train", _cli.Path("data/train.jsonl"), "--test", _cli.Path("data/test.jsonl"),
                "--split", "iid", "--devices", "4", "--seed", "7", "--max-rounds", "6", "--max-tokens", "16", "--out", Folder(name), .. more]);
            Assert.True(exit == ExitCodes.Success, _cli.Error.ToString());
        }

        private static string Row(int row)
        {
            var letter = (char)('a' + (row % 26));
            return JsonSerializer.Serialize(row % 2 == 0 ? new { text = $"play loud {letter}", label = "song" } : new { text = $"dim light {letter}", label = "lamp" });
        }
    }
}
