using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Tests.Grains;

/// <summary>What a replay finds in a journal that somebody changed; each kind of change is named.</summary>
public sealed class JournalReplayTests(JournalReplayTests.FinishedJob job) : IClassFixture<JournalReplayTests.FinishedJob>
{
    private Replays.MemoryJournal Journal { get; } = job.Copy();

    [Fact]
    public async Task Untouched_journal_gives_the_hashes_of_the_model()
    {
        var result = await Replays.RunAsync(Journal);
        Assert.Equal((0, 7, 31L, Journal.Head.AdapterSha256, Journal.Head.JournalHash), (result.First, result.Rounds, result.Contributions, result.AdapterSha256, result.JournalHash));
        Assert.Equal(Journal.Stored.Values.Sum(bytes => bytes.Length), result.JournalBytes);
    }

    [Fact]
    public Task Changed_scalar_is_named() => Broken(
        j => j[3] = Change(j[3], 2, w => w with { Contribution = w.Contribution with { Scalars = [.. w.Contribution.Scalars.Select((b, i) => i == 2 ? (byte)(b ^ 1) : b)] } }),
        "The journal's entry of round 3 was changed: its content gives the link ");

    [Fact]
    public Task Changed_device_name_is_named() => Broken(j => j[2] = Change(j[2], 0, w => w with { DeviceId = "device-09" }), "entry of round 2 was changed");

    [Fact]
    public Task Contribution_that_no_device_grain_would_take_is_named_with_its_device() => Broken(
        j => j[3] = Change(j[3], 1, w => w with { Contribution = w.Contribution with { LossSum = float.NaN } }),
        "round 3: device '", "could not have been accepted: Its loss is NaN");

    [Fact]
    public Task Work_of_another_job_is_named_with_its_device() => Broken(j => j[3] = Change(j[3], 1, w => w with { Assignment = w.Assignment with { JobId = "other" } }), "round 3: device '", "worked for job 'other'");

    [Fact]
    public Task Work_of_another_kind_is_named_with_its_device() => Broken(
        j => j[3] = Change(j[3], 1, w => w with { Assignment = w.Assignment with { Kind = (byte)WorkKind.HeadGradient } }), "round 3: device '", "was given work of kind 2");

    [Fact]
    public Task Missing_entry_is_named() => Broken(j => j.Stored.Remove((4, 0)), "The journal's entry of round 4 is missing");

    [Fact]
    public Task Entries_that_changed_places_are_named() => Broken(j => (j.Stored[(2, 0)], j.Stored[(3, 0)]) = (j.Stored[(3, 0)], j.Stored[(2, 0)]), "entry of round 2 stands that of round 3");

    [Fact]
    public Task Entry_that_stands_there_twice_is_named() => Broken(j => j.Stored[(5, 0)] = j.Stored[(4, 0)], "entry of round 5 stands that of round 4");

    [Fact]
    public Task Appended_entry_is_named() => Broken(
        j => j.Stored[(7, 0)] = (j.Entry(6) with { Order = j.Entry(6).Order with { Round = 7, ModelVersion = 7 } }).ToBytes(), "entry of round 7", "it was appended");

    [Fact]
    public Task Appended_entry_that_the_record_counts_is_named() => Broken(
        j =>
        {
            j.Stored[(7, 0)] = (j.Entry(6) with { Order = j.Entry(6).Order with { Round = 7, ModelVersion = 7 }, Effect = null }).ToBytes();
            j.Head = j.Head with { Version = 8 };
        },
        "entry of round 7 was appended: the recipe ends at version 7");

    [Fact]
    public Task Removed_contribution_is_named_by_its_round() => Broken(j => j[3] = j[3] with { Contributions = [.. j[3].Contributions.Skip(1)] }, "entry of round 3 was changed");

    [Fact]
    public Task Removed_contribution_that_is_still_counted_is_named() => Broken(
        j => j.Stored[(3, 0)] = (j.Entry(3) with { Contributions = JournalPart.Write(j.Entry(3).Order, [.. j[3].Contributions.Skip(1)]) }).ToBytes(), "round 3 has 5 of 6 contributions");

    [Fact]
    public Task Duplicated_contribution_is_named_with_its_device() => Broken(
        j => j[3] = j[3] with { Contributions = [j[3].Contributions[0], .. j[3].Contributions] }, "round 3: device '", "stands there twice");

    [Fact]
    public Task Contribution_under_a_second_slot_is_named_with_its_device() => Broken(
        j => j[3] = Change(j[3], 1, w => j[3].Contributions[0] with { Assignment = j[3].Contributions[0].Assignment with { Slot = w.Assignment.Slot } }), "round 3: device '", "stands in this wave twice");

    [Fact]
    public Task Reordered_contributions_are_named_with_a_device() => Broken(
        j => j[3] = j[3] with { Contributions = [.. j[3].Contributions.Reverse()] }, "round 3: device '", "the contributions were reordered");

    [Fact]
    public Task Changed_order_is_named() => Broken(j => j[3] = j[3] with { Order = j[3].Order with { BatchSize = 99 } }, "entry of round 3 answers 'training'", "batch 99");

    [Fact]
    public Task Changed_link_is_named() => Broken(
        j => j.Stored[(4, 0)] = (j.Entry(4) with { Effect = j.Entry(4).Effect! with { Previous = new string('1', 64) } }).ToBytes(), "The link from round 3 to round 4 is broken");

    [Fact]
    public Task Changed_entry_with_a_link_that_fits_it_breaks_the_next_link() => Broken(
        j =>
        {
            j[3] = Change(j[3], 1, w => w with { Contribution = w.Contribution with { Correct = 77 } });
            var effect = j.Entry(3).Effect!;
            j.Stored[(3, 0)] = (j.Entry(3) with { Effect = effect with { Hash = JournalChain.Next(effect.Previous, j[3]) } }).ToBytes();
        },
        "The link from round 3 to round 4 is broken");

    [Fact]
    public Task Changed_adapter_hash_is_named() => Broken(
        j => j.Stored[(4, 0)] = (j.Entry(4) with { Effect = j.Entry(4).Effect! with { AdapterSha256 = new string('1', 64) } }).ToBytes(), "round 4 gives adapter ");

    [Fact]
    public Task Cut_off_end_breaks_the_last_link() => Broken(j => j.Head = j.Head with { Version = 6 }, "entry of round 6, but the model is at version 6");

    [Fact]
    public Task Cut_off_end_without_its_entry_breaks_the_last_link() => Broken(
        j =>
        {
            j.Stored.Remove((6, 0));
            j.Head = j.Head with { Version = 6 };
        },
        "The last link is broken: the entries agree with one another up to round 5");

    [Fact]
    public Task Another_seed_is_another_job() => Broken(j => j.Head = j.Head with { Spec = TestCluster.Spec(o => o with { ProbesPerDevice = 5 }) }, "entry of round 1 answers", "where the recipe asks", "the job's spec was changed");

    [Fact]
    public async Task Spec_that_no_cluster_takes_is_refused()
    {
        Journal.Head = Journal.Head with { Spec = Journal.Head.Spec with { MaxTokens = 0 } };
        await Assert.ThrowsAsync<JobInvalidException>(() => Replays.RunAsync(Journal));
    }

    private async Task Broken(Action<Replays.MemoryJournal> change, params string[] because)
    {
        change(Journal);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Replays.RunAsync(Journal));
        Assert.All(because, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
    }

    private static RoundRecord Change(RoundRecord record, int index, Func<RecordedContribution, RecordedContribution> change) =>
        record with { Contributions = [.. record.Contributions.Select((work, i) => i == index ? change(work) : work)] };

    /// <summary>A job that ran to its end on a cluster.</summary>
    public sealed class FinishedJob : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();
        private Replays.MemoryJournal? _journal;

        internal Replays.MemoryJournal Copy()
        {
            var copy = new Replays.MemoryJournal { Head = _journal!.Head };
            foreach (var (place, bytes) in _journal.Stored) copy.Stored[place] = bytes;
            return copy;
        }

        public async ValueTask InitializeAsync()
        {
            await using var cluster = await TestCluster.Start(_folder.Database);
            await cluster.Job.Submit(TestCluster.Spec());
            await cluster.Enrol(4);
            await cluster.RunToEnd(4);
            _journal = await Replays.CopyAsync(cluster.Model);
        }

        public ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
