using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Storage;

namespace FwdLLM.Tests.Grains;

/// <summary>Who waits in a grain while silos come and go: an activation that Orleans sends away stays until all calls in it have ended.</summary>
public sealed class LongPollTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Device_that_waits_is_let_go_when_silos_come_and_go_and_comes_back_soon()
    {
        await using var cluster = await WaitingAsync();
        var waiting = cluster.Device(0).CheckIn(new CheckIn { Wait = Long });
        var reply = await LetGoAsync(cluster, waiting);

        Assert.Equal((null, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2)), (reply.Assignment, reply.RetryMin, reply.RetryMax));
    }

    [Fact]
    public async Task Whoever_follows_a_job_is_let_go_when_silos_come_and_go()
    {
        await using var cluster = await WaitingAsync();
        var known = await cluster.WaitFor(status => status.Message?.Contains("3 of 4", StringComparison.Ordinal) == true);

        Assert.Equal(known.Revision, (await LetGoAsync(cluster, cluster.Job.GetStatus(known.Revision, Long))).Revision);
    }

    [Fact]
    public async Task Client_is_told_when_silos_come_and_go()
    {
        await using var cluster = await WaitingAsync();

        Assert.False(await cluster.Client.GetGrain<ISiloNewsGrain>(0).Next(TimeSpan.Zero));
        Assert.True(await LetGoAsync(cluster, cluster.Client.GetGrain<ISiloNewsGrain>(0).Next(Long)));
    }

    [Fact]
    public async Task Activation_that_another_has_overtaken_leaves_to_it()
    {
        await using var cluster = await WaitingAsync();
        var (storage, id) = (cluster.Services.GetRequiredKeyedService<IGrainStorage>(GrainsServices.Storage), cluster.Device(0).GetGrainId());
        var stored = new GrainState<DeviceState>(new DeviceState());
        await storage.ReadStateAsync("device", id, stored);
        stored.State!.Assignments.Add(new Assignment { JobId = "job", Round = 3, Wave = 0, Slot = 0, ModelVersion = 3, Kind = (byte)WorkKind.Probes, ProbeCount = 4, BatchSize = 2, Deadline = Long });
        await storage.WriteStateAsync("device", id, stored);
        Assert.Null((await cluster.Device(0).CheckIn(new CheckIn())).Assignment);

        await LetGoAsync(cluster, cluster.Device(0).CheckIn(new CheckIn { Wait = Long }));

        Assert.Equal(3u, (await cluster.NextWork(0)).Round);
    }

    /// <summary>A job that waits for one more device than there are, where no time passes.</summary>
    private async Task<TestCluster> WaitingAsync()
    {
        var cluster = await TestCluster.Start(_folder.Database, new FakeTimeProvider());
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(3);
        return cluster;
    }

    private static async Task<T> LetGoAsync<T>(TestCluster cluster, Task<T> waiting)
    {
        // Told again and again, because the call may not have arrived at the first time.
        while (!waiting.IsCompleted)
        {
            cluster.Upset();
            await cluster.Job.GetStatus(-1, TimeSpan.Zero);
        }

        return await waiting;
    }
}
