using FwdLLM.DeviceAgent;
using FwdLLM.DeviceAgent.Faults;
using FwdLLM.Grains.Interfaces;
using Polly;

namespace FwdLLM.Tests.Grains;

/// <summary>Real grains on a real file, behind a network that does what networks do.</summary>
public sealed class ExactlyOnceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _undisturbed = new();

    public void Dispose()
    {
        _folder.Dispose();
        _undisturbed.Dispose();
    }

    [Theory]
    [InlineData("delay=0.5,longest=30")]
    [InlineData("duplicate=0.5,longest=30")]
    [InlineData("reorder=0.3,longest=30")]
    [InlineData("lose-request=0.3")]
    [InlineData("lose-answer=0.3")]
    [InlineData("replay=0.9")]
    [InlineData("delay=0.1,duplicate=0.2,reorder=0.1,lose-request=0.1,lose-answer=0.1,replay=0.3,longest=50")]
    public async Task Messages_that_are_lost_doubled_late_or_replayed_change_nothing_in_the_result(string faults)
    {
        var expected = await TestCluster.RunUndisturbed(_undisturbed.Database);
        await using var cluster = await TestCluster.Start(_folder.Database);
        var network = new FaultyDeviceCluster(new GrainDeviceCluster(cluster.Client, ResiliencePipeline.Empty), MessageFaultOptions.Parse($"seed=5,{faults}"), TimeProvider.System);
        await cluster.Job.Submit(TestCluster.Spec());
        var devices = Enumerable.Range(0, 4).Select(device => WorkAsync(cluster, network, TestCluster.DeviceId(device))).ToArray();
        var status = await cluster.WaitFor(s => s.Phase is JobPhase.Finished or JobPhase.Failed);
        await Task.WhenAll(devices);
        await network.SettleAsync();

        Assert.True(network.Faults > 5, $"only {network.Faults} faults");
        Assert.Equal(JobPhase.Finished, status.Phase);
        Assert.Equal(expected.Model!.AdapterSha256, status.Model!.AdapterSha256);
        Assert.Equal(expected.Model.JournalHash, status.Model.JournalHash); // The same contributions, each once.
        Assert.Equal(expected.Contributions, status.Contributions);
        for (uint round = 0; await cluster.Model.GetJournal(round) is { } entry; round++)
            Assert.Equal(entry.Contributions.Count, entry.Contributions.DistinctBy(c => (c.Contribution.Wave, c.DeviceId)).Count());
    }

    [Fact]
    public async Task Round_that_a_notice_brings_back_after_a_crash_finds_what_that_device_gave_to_earlier_waves()
    {
        var expected = await TestCluster.RunUndisturbed(_undisturbed.Database);
        var silent = 0;
        await using (var cluster = await TestCluster.Start(_folder.Database))
        {
            await cluster.Job.Submit(TestCluster.Spec());
            await cluster.Enrol(4);
            for (var device = 0; device < 4; device++)
                TestCluster.Forget(cluster.Work(device, work => work is { Round: 3, Wave: 1 } && Interlocked.Increment(ref silent) == 1));
            await cluster.WaitFor(s => s.Round is { Round: 3, Wave: 1, Accepted: 2 });
            await cluster.Kill();
        }

        await using var restarted = await TestCluster.Start(_folder.Database, watchJobs: false);
        for (var device = 0; device < 4; device++)
        {
            // The device that owes its answer to wave 1: its contribution is the first that the new silo hears of.
            if ((await restarted.Device(device).CheckIn(new CheckIn())).Assignment is not { } work) continue;
            Assert.Equal((3u, 1u), (work.Round, work.Wave));
            await restarted.Device(device).Contribute(await restarted.Answer(work));
        }

        var status = await restarted.RunToEnd(4);
        Assert.Equal(expected.Model!.AdapterSha256, status.Model!.AdapterSha256);
        Assert.Equal(expected.Model.JournalHash, status.Model.JournalHash);
    }

    [Fact]
    public async Task Contribution_that_comes_when_its_round_is_committed_is_never_receipted_as_accepted()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await cluster.Job.Submit(TestCluster.Spec(o => o with { CohortSize = 0, MaxRounds = 1 }, c => c with { Schedule = ScheduleKind.Adaptive, Quorum = 0.75 }));
        await cluster.Enrol(4);
        var late = await cluster.Answer(await cluster.NextWork(3));
        for (var device = 0; device < 3; device++) await cluster.Device(device).Contribute(await cluster.Answer(await cluster.NextWork(device)));
        await cluster.WaitFor(s => s.Model is { Version: >= 1 });

        var receipt = await cluster.Device(3).Contribute(late);
        Assert.NotEqual(Verdict.Accepted, receipt.Verdict);
        Assert.Equal([0u, 1u, 2u], (await cluster.Model.GetJournal(0))!.Contributions.Select(c => c.Assignment.Slot));
    }

    private static async Task WorkAsync(TestCluster cluster, IDeviceCluster network, string deviceId)
    {
        var stop = TestContext.Current.CancellationToken;
        var enrolment = new Enrolment { Protocol = ProtocolVersion.Current, JobId = "job", Examples = 8 };
        await Retry(() => network.EnrolAsync(deviceId, enrolment, stop));
        while (true)
        {
            var reply = await Retry(() => network.CheckInAsync(deviceId, new CheckIn { Wait = TimeSpan.FromMilliseconds(500) }, stop));
            if (reply.JobEnded) return;
            if (reply.Assignment is not { } work || await TryAnswer(cluster, work) is not { } answer) continue;
            await Retry(() => network.ContributeAsync(deviceId, answer, stop));
        }
    }

    /// <summary>Null when the work is so old that its version is gone.</summary>
    private static async Task<Contribution?> TryAnswer(TestCluster cluster, Assignment work)
    {
        try
        {
            return await cluster.Answer(work);
        }
        catch (VersionNotHeldException)
        {
            return null;
        }
    }

    private static async Task<T> Retry<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (TimeoutException)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
