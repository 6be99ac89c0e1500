using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Grains;

/// <summary>A job that keeps the last two rounds of its journal, on SQLite, with failures where they could hurt.</summary>
public sealed class RetentionTests : IDisposable
{
    private static readonly JobSpec Spec = TestCluster.Spec() with { JournalRounds = 2 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Last_rounds_are_kept_and_replayed_from_the_checkpoint_to_the_bits_of_the_whole_journal()
    {
        var expected = await Undisturbed();
        await using var cluster = await TestCluster.Start(_folder.Database);
        await Run(cluster);

        // Checkpoints at versions 2, 4 and 6: the one before the newest is the base.
        var journal = await Replays.CopyAsync(cluster.Model);
        Assert.Equal((4, 7), (journal.Head.First, journal.Head.Version));
        await Removed(cluster, 4);
        var result = await Replays.RunAsync(journal);
        Assert.Equal((4, 7, expected.AdapterSha256, expected.JournalHash), (result.First, result.Rounds, result.AdapterSha256, result.JournalHash));
    }

    [Fact]
    public async Task Checkpoint_of_another_version_or_content_is_found()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await Run(cluster);
        var journal = await Replays.CopyAsync(cluster.Model);
        journal.Checkpoint[^1] ^= 1;
        Assert.Contains("round 4", (await Assert.ThrowsAsync<InvalidDataException>(() => Replays.RunAsync(journal))).Message, StringComparison.Ordinal);
        journal.Checkpoint[0] ^= 1;
        Assert.Contains("The checkpoint of version 4 holds version 5", (await Assert.ThrowsAsync<InvalidDataException>(() => Replays.RunAsync(journal))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_that_dies_between_checkpoint_and_removal_loses_nothing_and_the_removal_is_made_up()
    {
        var expected = await Undisturbed();
        var refused = 0;
        await using (var cluster = await TestCluster.Start(_folder.Database, fails: (state, _) => state == "clear journal" && Interlocked.Increment(ref refused) > 0))
        {
            await cluster.Job.Submit(Spec);
            await cluster.Enrol(4);
            for (var device = 0; device < 4; device++) _ = cluster.Work(device, work => work.Round == 5).ContinueWith(static d => _ = d.Exception, TaskScheduler.Default);
            await cluster.WaitFor(s => s.Model?.Version == 5);
            Assert.True(refused > 0);
            Assert.NotNull(await cluster.Model.GetJournal(0)); // The checkpoint is there, nothing was removed.
            Assert.Equal(2, (await cluster.Model.GetJournalHead())!.First);
            await cluster.Kill();
        }

        await using var restarted = await TestCluster.Start(_folder.Database);
        var status = await restarted.RunToEnd(4);
        Assert.Equal(expected.AdapterSha256, status.Model!.AdapterSha256);
        Assert.Equal(expected.JournalHash, (await Replays.RunAsync(await Replays.CopyAsync(restarted.Model))).JournalHash);
        await Removed(restarted, 4);
    }

    [Theory]
    [InlineData("checkpoints")] // After the version is committed.
    [InlineData("journal")] // Before the version is committed.
    [InlineData("model")] // After the entry, before the version.
    public async Task Write_that_fails_in_a_commit_changes_no_bits(string failing)
    {
        var expected = await Undisturbed();
        var (writes, failed) = (0, 0);
        await using var cluster = await TestCluster.Start(_folder.Database, fails: (state, _) =>
            state == failing && Interlocked.Increment(ref writes) is <= 6 and var write && write % 2 == 0 && Interlocked.Increment(ref failed) > 0);
        await Run(cluster);
        Assert.True(failed > 0);
        var result = await Replays.RunAsync(await Replays.CopyAsync(cluster.Model));
        Assert.Equal((expected.AdapterSha256, expected.JournalHash), (result.AdapterSha256, result.JournalHash));
    }

    private static async Task Run(TestCluster cluster)
    {
        await cluster.Job.Submit(Spec);
        await cluster.Enrol(4);
        await cluster.RunToEnd(4);
    }

    /// <summary>The journal's grains have no entry before this round; it is removed behind the last commit.</summary>
    private static async Task Removed(TestCluster cluster, uint first)
    {
        for (uint round = 0; round < 7; round++)
            Assert.Equal((round, round >= first), (round, await cluster.Client.GetGrain<IJournalGrain>($"job/{round}").ReadEntry() is not null));
    }

    private static async Task<ModelHeader> Undisturbed()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.Start(folder.Database);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(4);
        return (await cluster.RunToEnd(4)).Model!;
    }
}
