using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Tests.Grains;

public sealed class FloodTests : IDisposable
{
    private static readonly CheckIn Now = new();

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly FlowLimits _limits = new() { CallBurst = 20, CallsPerSecond = 2 };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Device_that_asks_too_often_is_sent_away_until_its_bucket_has_filled_again()
    {
        await using var cluster = await TestCluster.Start(_folder.Database, _clock, limits: _limits);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(1); // 5 of 20
        for (var call = 0; call < 15; call++) Assert.True((await cluster.Device(0).CheckIn(Now)).RetryMax <= TimeSpan.FromMilliseconds(5));
        var slowed = await cluster.Device(0).CheckIn(Now);
        Assert.Equal((TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1)), (slowed.RetryMin, slowed.RetryMax));
        var welcome = await cluster.Device(0).Enrol(new Enrolment { Protocol = ProtocolVersion.Current, JobId = "job", Examples = 9 });
        Assert.Equal((null, null, TimeSpan.FromSeconds(2.5)), (welcome.Refusal, welcome.Job, welcome.RetryMin));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.True((await cluster.Device(0).CheckIn(Now)).RetryMax <= TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public async Task Device_that_floods_still_gets_new_work_and_its_answer_counts()
    {
        await using var cluster = await TestCluster.Start(_folder.Database, _clock, limits: _limits);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(1);
        while ((await cluster.Device(0).CheckIn(Now)).RetryMin < TimeSpan.FromMilliseconds(100))
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        await cluster.Enrol(3, from: 1); // The job begins.
        var work = await cluster.NextWork(0);
        Assert.Equal(work, (await cluster.Device(0).CheckIn(Now)).Assignment);

        var answer = await cluster.Answer(work);
        var refused = await cluster.Device(0).Contribute(answer with { Vector = new byte[1 << 20] });
        Assert.Equal(Verdict.Refused, refused.Verdict);
        Assert.Contains("too often; wait 2 s", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(Verdict.Accepted, (await cluster.Device(0).Contribute(answer)).Verdict);
        Assert.Single(await cluster.Device(0).GetAccepted("job", 0));
    }

    [Fact]
    public async Task Check_ins_of_one_device_that_wait_are_bounded()
    {
        await using var cluster = await TestCluster.Start(_folder.Database, _clock, limits: _limits);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(1);
        var polls = Enumerable.Range(0, 7).Select(_ => cluster.Device(0).CheckIn(new CheckIn { Wait = TimeSpan.FromSeconds(5) })).ToList();
        for (var answered = 0; answered < 3; answered++)
        {
            var first = await Task.WhenAny(polls);
            Assert.Null((await first).Assignment);
            polls.Remove(first);
        }

        await cluster.Enrol(3, from: 1); // Its work comes to those that wait.
        Assert.Equal(_limits.WaitingCheckIns, polls.Count);
        var replies = await Task.WhenAll(polls);
        Assert.Contains(replies, reply => reply.Assignment is not null);
    }

    [Fact]
    public async Task Same_enrolment_again_is_welcome_without_another_record()
    {
        await using var cluster = await TestCluster.Start(_folder.Database, _clock, limits: _limits);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(1);
        await cluster.Enrol(1);
        await cluster.Enrol(1);
        Assert.Equal(1, await cluster.WritesOf("d/device-00"));
    }
}
