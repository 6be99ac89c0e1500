using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Tests.Grains;

/// <summary>Rounds that do not fit into one message.</summary>
public sealed class LargeRoundTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Round_of_ten_thousand_contributions_is_stored_in_parts_below_a_megabyte_and_replayed()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        var record = await Record(cluster, 10_000);
        await JournalParts.Commit(cluster.Client, "job", record);

        var journal = await Replays.CopyAsync(cluster.Model);
        Assert.Equal(JournalChain.Next(JournalChain.Start, record), journal.Head.JournalHash);
        Assert.InRange(journal.Entry(0).Parts.Count, 4, 50);
        Assert.All(journal.Stored.Values, bytes => Assert.InRange(bytes.Length, 1, JournalParts.MostBytes));
        Assert.Equal(10_000, (await Replays.RunAsync(journal)).Contributions);
        await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Model.GetJournal(0));
    }

    [Fact]
    public async Task Whole_record_from_a_silo_of_the_build_before_is_cut_as_well()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        var record = await Record(cluster, 3_000);
        Assert.Equal(JournalChain.Next(JournalChain.Start, record), (await cluster.Model.Commit(record)).JournalHash);
        Assert.NotEmpty((await Replays.CopyAsync(cluster.Model)).Entry(0).Parts);
    }

    [Fact]
    public async Task Parts_of_a_commit_that_died_before_its_entry_change_nothing()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        var record = await Record(cluster, 3_000);
        var failing = record with { Contributions = [.. record.Contributions.Skip(1)] };
        await JournalParts.Store(cluster.Client, "job", failing);
        await JournalParts.Commit(cluster.Client, "job", record);
        await JournalParts.Commit(cluster.Client, "job", record); // A commit whose answer was lost is sent again.

        Assert.Equal(3_000, (await Replays.RunAsync(await Replays.CopyAsync(cluster.Model))).Contributions);
    }

    [Fact]
    public async Task Entry_of_a_commit_that_died_before_the_version_decides_what_the_step_is_made_of()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        var record = await Record(cluster, 3_000);
        var first = record with { Contributions = [.. record.Contributions.Skip(1)] };
        await cluster.Client.GetGrain<IJournalGrain>("job/0").WriteEntry((await JournalParts.Store(cluster.Client, "job", first)).ToBytes());
        await JournalParts.Commit(cluster.Client, "job", record);

        var journal = await Replays.CopyAsync(cluster.Model);
        Assert.Equal(JournalChain.Next(JournalChain.Start, first), journal.Head.JournalHash);
        Assert.Equal(2_999, (await Replays.RunAsync(journal)).Contributions);
    }

    [Fact]
    public async Task Changed_or_missing_part_is_named()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await JournalParts.Commit(cluster.Client, "job", await Record(cluster, 3_000));
        var journal = await Replays.CopyAsync(cluster.Model);
        var part = journal.Stored[(0, 2)];
        journal.Stored[(0, 2)] = [.. part.SkipLast(5), (byte)(part[^5] ^ 1), .. part.TakeLast(4)];
        Assert.Contains("(device 'device-0", (await Assert.ThrowsAsync<InvalidDataException>(() => Replays.RunAsync(journal))).Message, StringComparison.Ordinal);
        journal.Stored[(0, 2)] = journal.Stored[(0, 1)];
        Assert.Contains("round 0: part 2 of ", (await Assert.ThrowsAsync<InvalidDataException>(() => Replays.RunAsync(journal))).Message, StringComparison.Ordinal);
        journal.Stored.Remove((0, 2));
        Assert.Contains("is missing", (await Assert.ThrowsAsync<InvalidDataException>(() => Replays.RunAsync(journal))).Message, StringComparison.Ordinal);
    }

    private static async Task<RoundRecord> Record(TestCluster cluster, int count)
    {
        var order = (await cluster.Model.Initialise(TestCluster.Spec())).Next!;
        var random = new Random(5);
        return new RoundRecord
        {
            Order = order,
            Contributions = [.. Enumerable.Range(0, count).Select(i =>
            {
                var vector = new byte[200];
                random.NextBytes(vector);
                return new RecordedContribution
                {
                    DeviceId = $"device-{i:d5}",
                    Assignment = new Assignment { JobId = "job", Round = 0, Wave = 0, Slot = (uint)i, Kind = (byte)WorkKind.FeatureStatistics, ModelVersion = 0, Deadline = TimeSpan.FromMinutes(5) },
                    Contribution = new Contribution { Round = 0, Wave = 0, ModelVersion = 0, Examples = 8, ForwardExamples = 8, LossSum = i, Vector = vector },
                };
            })],
        };
    }
}
