using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Grains;

public sealed class ContributionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Contribution_sent_twice_gets_the_same_receipt_and_counts_once()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(4);
        var answer = await cluster.Answer(await cluster.NextWork(0));
        var first = await cluster.Device(0).Contribute(answer);
        var second = await cluster.Device(0).Contribute(answer with { LossSum = 99 });
        Assert.Equal(Verdict.Accepted, first.Verdict);
        Assert.Equal(first, second);
        var stored = Assert.Single(await cluster.Device(0).GetAccepted("job", 0));
        Assert.Equal(answer.LossSum, stored.LossSum);

        var status = await cluster.RunToEnd(4);
        Assert.Equal(4, (await cluster.Model.GetJournal(0))!.Contributions.Count);
        Assert.Equal(answer.LossSum, (await cluster.Model.GetJournal(0))!.Contributions[0].Contribution.LossSum);
        Assert.Equal(Verdict.Accepted, (await cluster.Device(0).Contribute(answer)).Verdict); // Long after its round.
        Assert.Equal(31, status.Contributions);
    }

    [Fact]
    public async Task Contribution_that_cannot_be_an_answer_is_refused_with_value_and_bound()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(4);
        var answer = await cluster.Answer(await cluster.NextWork(0));
        await Refused(answer with { ModelVersion = 5 }, "version 5");
        await Refused(answer with { Round = 9 }, "Round 9 wave 0");
        await Refused(answer with { Wave = 1 }, "wave 1");
        await Refused(answer with { Scalars = new byte[7] }, "7 bytes");
        await Refused(answer with { Vector = new byte[1 << 20] }, "1048576 bytes");
        await Refused(answer with { LossSum = float.NaN }, "NaN");
        await Refused(answer with { JobTag = Contribution.TagOf("job-before") }, "another job's");
        Assert.Empty(await cluster.Device(0).GetAccepted("job", 0));
        Assert.Equal(Verdict.Accepted, (await cluster.Device(0).Contribute(answer with { JobTag = Contribution.TagOf("job") })).Verdict);

        async Task Refused(Contribution contribution, string because)
        {
            var receipt = await cluster.Device(0).Contribute(contribution);
            Assert.Equal(Verdict.Refused, receipt.Verdict);
            Assert.Contains(because, receipt.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Device_that_cannot_join_is_told_why()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        var device = cluster.Device(0);
        Assert.True((await device.CheckIn(new CheckIn())).NotEnrolled);
        Assert.Equal(Verdict.Refused, (await device.Contribute(new Contribution { Round = 0, Wave = 0, ModelVersion = 0 })).Verdict);

        var enrolment = new Enrolment { Protocol = ProtocolVersion.Current, JobId = "job", Examples = 8 };
        Assert.Contains("no job 'job'", (await device.Enrol(enrolment)).Refusal, StringComparison.Ordinal);
        await cluster.Job.Submit(TestCluster.Spec());
        Assert.Contains("the agent is too new", (await device.Enrol(enrolment with { OldestProtocol = 98, Protocol = 99 })).Refusal, StringComparison.Ordinal);
        Assert.Contains($"0.0.9 speaks device protocols 0 to 0, this cluster {ProtocolVersion.Oldest} to {ProtocolVersion.Current}: the agent is too old", (await device.Enrol(enrolment with { Protocol = 0, Agent = "0.0.9" })).Refusal, StringComparison.Ordinal);
        Assert.Contains("65 characters", (await device.Enrol(enrolment with { Agent = new string('a', 65) })).Refusal, StringComparison.Ordinal);
        Assert.Contains("0 examples", (await device.Enrol(enrolment with { Examples = 0 })).Refusal, StringComparison.Ordinal);
        var welcome = await device.Enrol(enrolment with { OldestProtocol = 1, Protocol = 99 });
        Assert.Equal(("job", ProtocolVersion.Current), (welcome.Job!.Id, welcome.Protocol));
        Assert.False((await device.CheckIn(new CheckIn())).NotEnrolled);
    }
}
