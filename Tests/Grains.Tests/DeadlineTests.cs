using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Tests.Grains;

public sealed class DeadlineTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Round_whose_device_vanished_closes_at_the_deadline_with_what_it_has()
    {
        await using var cluster = await TestCluster.Start(_folder.Database, _clock);
        await cluster.Job.Submit(TestCluster.Spec(o => o with { CohortSize = 0, MaxRounds = 1 }, c => c with { Deadline = Deadline }));
        await cluster.Enrol(4);
        var living = Enumerable.Range(0, 3).Select(d => cluster.Work(d)).ToArray();
        for (uint round = 0; round <= 1; round++)
        {
            await cluster.WaitFor(s => s.Round is { Accepted: 3 } r && r.Round == round);
            _clock.Advance(Deadline);
        }

        var status = await cluster.WaitFor(s => s.Phase == JobPhase.Finished);
        await Task.WhenAll(living);
        Assert.Equal(2, status.Dropped);
        Assert.Equal(6, status.Contributions);
    }

    [Fact]
    public async Task Contribution_to_a_closed_wave_is_late_and_used_by_the_next_wave()
    {
        await using var cluster = await TestCluster.Start(_folder.Database, _clock);
        await cluster.Job.Submit(TestCluster.Spec(o => o with { MaxRounds = 1 }, c => c with { ExpectedDevices = 3, Deadline = Deadline }));
        await cluster.Enrol(3);
        for (var device = 0; device < 3; device++) await cluster.Device(device).Contribute(await cluster.Answer(await cluster.NextWork(device)));

        await cluster.WaitFor(s => s.Round?.Round == 1);
        Contribution? slow = null;
        for (var device = 0; device < 3; device++)
        {
            var answer = await cluster.Answer(await cluster.NextWork(device));
            if (device == 2) slow = answer;
            else Assert.Equal(Verdict.Accepted, (await cluster.Device(device).Contribute(answer)).Verdict);
        }

        await cluster.WaitFor(s => s.Round is { Round: 1, Accepted: 2 });
        _clock.Advance(Deadline);
        await cluster.WaitFor(s => s.Round is { Round: 1, Wave: 1 });
        var next = await cluster.NextWork(2);
        while (next.Wave == 0) next = await cluster.NextWork(2);
        Assert.Equal(Verdict.Late, (await cluster.Device(2).Contribute(slow!)).Verdict);
        await cluster.RunToEnd(3);

        var entry = (await cluster.Model.GetJournal(1))!;
        Assert.Equal([(0u, 0u), (0u, 1u), (0u, 2u), (1u, 0u), (1u, 1u), (1u, 2u)], entry.Contributions.Select(c => (c.Assignment.Wave, c.Assignment.Slot)));
        Assert.Equal(1, (await cluster.Job.GetStatus(-1, TimeSpan.Zero)).Late);
    }
}
