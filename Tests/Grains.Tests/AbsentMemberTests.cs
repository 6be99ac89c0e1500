using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Silo.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Tests.Grains;

/// <summary>A round that commits without a device's answer must know that the device was told "accepted" of nothing.</summary>
public sealed class AbsentMemberTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Round_does_not_commit_while_it_is_unknown_what_a_member_accepted()
    {
        var (broken, refused) = (false, 0);
        await using var cluster = await TestCluster.Start(_folder.Database, _clock, (state, grain) => broken && state == "device" && grain.ToString().EndsWith(TestCluster.DeviceId(2), StringComparison.Ordinal) && Interlocked.Increment(ref refused) > 0);
        await cluster.Job.Submit(ThreeDevices());
        await cluster.Enrol(3);
        await cluster.NextWork(2);
        broken = true;
        for (var device = 0; device < 2; device++) await cluster.Device(device).Contribute(await cluster.Answer(await cluster.NextWork(device)));
        await cluster.WaitFor(s => s.Round is { Accepted: 2 });

        _clock.Advance(4 * Deadline);
        while (Volatile.Read(ref refused) < 3) await Task.Delay(10, Cancellation);
        Assert.Equal(0u, (await cluster.Model.GetHeader()).Version);

        broken = false;
        await cluster.WaitFor(s => s.Round?.Round == 1);
        await cluster.RunToEnd(3);
        Assert.Equal([0u, 1u], (await cluster.Model.GetJournal(0))!.Contributions.Select(c => c.Assignment.Slot));
    }

    [Fact]
    public async Task Member_whose_record_is_damaged_does_not_hold_up_the_others()
    {
        await using (var cluster = await TestCluster.Start(_folder.Database, _clock))
        {
            await cluster.Job.Submit(ThreeDevices());
            await cluster.Enrol(3);
            await cluster.NextWork(2);
        }

        await using (var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            await connection.OpenAsync(Cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = $"UPDATE grain_state SET record = x'00112233' WHERE name = 'device' AND grain = 'd/{TestCluster.DeviceId(2)}'";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancellation));
        }

        await using var restarted = await TestCluster.Start(_folder.Database, _clock);
        var living = Enumerable.Range(0, 2).Select(device => restarted.Work(device)).ToArray();
        var status = await restarted.WaitFor(s => s.Round is { Accepted: 2 });
        while (status.Phase != JobPhase.Finished)
        {
            _clock.Advance(Deadline);
            await Task.Delay(20, Cancellation);
            status = await restarted.Job.GetStatus(-1, TimeSpan.Zero);
        }

        await Task.WhenAll(living);
        Assert.Equal(3u, (await restarted.Model.GetHeader()).Version);
    }

    [Fact]
    public async Task Invitation_that_comes_after_its_round_has_closed_is_no_work()
    {
        await using var cluster = await TestCluster.Start(_folder.Database, _clock);
        await cluster.Job.Submit(ThreeDevices());
        await cluster.Enrol(3);
        var work = await cluster.NextWork(0);
        var stray = cluster.Device(1);
        await cluster.NextWork(1);
        Assert.Empty(await stray.CloseRound("job", work.Round + 1)); // Nothing is known of that round yet.
        await stray.Assign(work with { Round = work.Round + 1 });
        Assert.Equal(Verdict.Refused, (await stray.Contribute(await cluster.Answer(work) with { Round = work.Round + 1 })).Verdict);
    }

    [Fact]
    public async Task Sealed_round_opens_no_further_wave()
    {
        long version;
        await using (var cluster = await TestCluster.Start(_folder.Database))
        {
            await cluster.Job.Submit(TestCluster.Spec(o => o with { MaxRounds = 4 }, c => c with { ExpectedDevices = 3 }));
            await cluster.Enrol(3);
            for (var device = 0; device < 3; device++) await cluster.Device(device).Contribute(await cluster.Answer(await cluster.NextWork(device)));
            await cluster.WaitFor(s => s.Round?.Round == 1);
            version = (await cluster.NextWork(0)).ModelVersion;
        }

        await SealAsync(version);
        await using var restarted = await TestCluster.Start(_folder.Database);
        await restarted.RunToEnd(3);
        var sealedRound = (await restarted.Model.GetJournal(1))!;
        Assert.True(sealedRound.Order.MaxWaves > 1);
        Assert.All(sealedRound.Contributions, c => Assert.Equal(0u, c.Assignment.Wave));
        Assert.Contains((await restarted.Model.GetJournal(3))!.Contributions, c => c.Assignment.Wave > 0); // The gate asks for more in odd rounds.
    }

    private static JobSpec ThreeDevices() => TestCluster.Spec(o => o with { CohortSize = 0, MaxRounds = 2 }, c => c with { ExpectedDevices = 3, Deadline = Deadline });

    private async Task SealAsync(long round)
    {
        using var services = new ServiceCollection().AddSerializer(s => s.AddAssembly(typeof(RoundState).Assembly).AddAssembly(typeof(JobSpec).Assembly)).BuildServiceProvider();
        await using var storage = new DurableGrainStorage("test", new SqliteRecordStore(_folder.Database), new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>()));
        await storage.OpenAsync(Cancellation);
        var state = new GrainState<RoundState>(new RoundState());
        var key = GrainId.Create("round", $"job/{round}");
        await storage.ReadStateAsync("round", key, state);
        state.State!.Sealed = true;
        await storage.WriteStateAsync("round", key, state);
    }
}
