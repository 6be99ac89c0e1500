using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Cluster;

/// <summary>A device that calls without end, against a job at work.</summary>
[Trait("Category", "Cluster")]
public sealed class FloodTests(TinyJob job) : IClassFixture<TinyJob>
{
    private const int Lanes = 8;

    [Fact(Timeout = 300_000)] // milliseconds
    public async Task Job_gives_the_bits_of_the_calm_run_while_one_device_floods_and_the_log_names_it()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var cluster = new ProcessCluster(job, cancellation);
        var silo = await cluster.StartSiloAsync();
        await cluster.SubmitAsync("flooded");
        await using var client = await DeviceClient.ConnectAsync(new DeviceClientSettings { Gateways = [cluster.FirstGateway] }, TimeProvider.System, () => 0.5, cancellation: cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var agent = cluster.StartAgent("flooded", 0, job.Devices - 1, cluster.FirstGateway);
        await cluster.UntilAsync("flooded", status => status.Phase == JobPhase.Running);
        var device = client.Orleans.GetGrain<IDeviceGrain>(DeviceProfile.IdOf(3));
        var flood = Enumerable.Range(0, Lanes).Select(_ => FloodAsync(device, stop.Token)).ToArray();

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("flooded", agent));
        await stop.CancelAsync();
        var calls = (await Task.WhenAll(flood)).Sum();
        Assert.Contains(DeviceProfile.IdOf(3), await silo.LineAsync("floods", cancellation), StringComparison.Ordinal);
        Assert.True(calls > 1000, $"the flood was {calls} calls");
        Assert.True(Lines(silo.Log, "floods") < 10, silo.Log); // Once a minute, not once a call.
    }

    // Asks for work it has, and hands in a megabyte where a few bytes are due.
    private static async Task<int> FloodAsync(IDeviceGrain device, CancellationToken stop)
    {
        var calls = 0;
        for (; !stop.IsCancellationRequested; calls += 2)
        {
            var reply = await device.CheckIn(new CheckIn());
            var (round, wave, version) = reply.Assignment is { } work ? (work.Round, work.Wave, work.ModelVersion) : (0u, 0u, 0L);
            await device.Contribute(new Contribution { Round = round, Wave = wave, ModelVersion = version, Vector = new byte[calls % 50 == 0 ? 1 << 20 : 100_000] });
        }

        return calls;
    }

    private static int Lines(string log, string text) => log.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));
}
