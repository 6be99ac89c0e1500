using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Grains;

public sealed class CrashTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _undisturbed = new();

    public void Dispose()
    {
        _folder.Dispose();
        _undisturbed.Dispose();
    }

    [Theory]
    [InlineData(0u, 0u, 3)] // In the first round, one of four devices still working.
    [InlineData(3u, 1u, 2)] // In the second wave of a later round, one of three still working.
    public async Task Job_whose_silo_is_killed_in_a_round_ends_with_the_bits_of_an_undisturbed_run(uint round, uint wave, int accepted)
    {
        var expected = await TestCluster.RunUndisturbed(_undisturbed.Database);
        var silent = 0;
        await using (var cluster = await TestCluster.Start(_folder.Database))
        {
            await cluster.Job.Submit(TestCluster.Spec());
            await cluster.Enrol(4);
            for (var device = 0; device < 4; device++)
                TestCluster.Forget(cluster.Work(device, work => work.Round == round && work.Wave == wave && Interlocked.Increment(ref silent) == 1));
            await cluster.WaitFor(s => s.Round is { } r && r.Round == round && r.Wave == wave && r.Accepted == accepted);
            await cluster.Kill();
        }

        await using var restarted = await TestCluster.Start(_folder.Database);
        var status = await restarted.RunToEnd(4); // Nobody submits or enrols again.
        Assert.Equal(expected.Model!.AdapterSha256, status.Model!.AdapterSha256);
        Assert.Equal(expected.Model.JournalHash, status.Model.JournalHash);
        Assert.Equal(expected.Contributions, status.Contributions);
    }

    [Fact]
    public async Task Acknowledged_contribution_outlives_the_silo_and_is_not_asked_for_again()
    {
        await using (var cluster = await TestCluster.Start(_folder.Database))
        {
            await cluster.Job.Submit(TestCluster.Spec());
            await cluster.Enrol(4);
            var answer = await cluster.Answer(await cluster.NextWork(2));
            Assert.Equal(Verdict.Accepted, (await cluster.Device(2).Contribute(answer with { LossSum = 1234 })).Verdict);
            await cluster.Kill();
        }

        await using var restarted = await TestCluster.Start(_folder.Database);
        await restarted.RunToEnd(4);
        var entry = (await restarted.Model.GetJournal(0))!;
        Assert.Equal(4, entry.Contributions.Count);
        Assert.Equal(1234, entry.Contributions[2].Contribution.LossSum);
    }

    [Fact]
    public async Task Commit_that_died_after_its_journal_entry_is_done_again_from_that_entry()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(4);
        var work = await cluster.NextWork(1);
        var entry = new RoundRecord
        {
            Order = (await cluster.Model.GetHeader()).Next!,
            Contributions = [new RecordedContribution { DeviceId = TestCluster.DeviceId(1), Assignment = work, Contribution = await cluster.Answer(work) }],
        };
        await cluster.Client.GetGrain<IJournalGrain>("job/0").WriteEntry(JournalParts.Inline(entry).ToBytes());

        var status = await cluster.RunToEnd(4);
        Assert.Equal(7, status.Model!.Version);
        Assert.Equal(TestCluster.DeviceId(1), Assert.Single((await cluster.Model.GetJournal(0))!.Contributions).DeviceId);
    }

    [Fact]
    public async Task Finished_job_is_still_finished_after_a_restart()
    {
        var expected = await TestCluster.RunUndisturbed(_undisturbed.Database);
        await using var cluster = await TestCluster.Start(_undisturbed.Database);
        var status = await cluster.Job.GetStatus(-1, TimeSpan.Zero);
        Assert.Equal(JobPhase.Finished, status.Phase);
        Assert.Equal(expected.Model!.AdapterSha256, status.Model!.AdapterSha256);
        Assert.Equal(TestCluster.DeviceId(0), (await cluster.Model.GetJournal(0))!.Contributions[0].DeviceId);
    }
}
