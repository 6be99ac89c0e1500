using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent.Tests;

public sealed class WireMeterTests
{
    private static readonly Contribution SixteenProbes = new()
    {
        Round = 1234,
        Wave = 2,
        JobTag = Contribution.TagOf("job"),
        ModelVersion = 1234,
        Examples = 16,
        ForwardExamples = 16 * 17,
        LossSum = 9.5f,
        Correct = 11,
        Scalars = [.. Enumerable.Range(1, 64).Select(value => (byte)value)],
        ElapsedMilliseconds = 1500,
    };

    [Fact]
    public async Task Contribution_of_sixteen_probes_takes_at_most_sixteen_bytes_a_probe_on_the_socket()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var silo = await StubSilo.StartAsync(cancellation);
        await using var client = await DeviceClient.ConnectAsync(silo.ClientSettings, TimeProvider.System, () => 0.5, cancellation: cancellation);
        var cluster = client.Cluster;
        await cluster.ContributeAsync("device-00007", SixteenProbes, cancellation);

        const int Calls = 100;
        var (sent, received) = (client.Meter.BytesSent, client.Meter.BytesReceived);
        for (var call = 0; call < Calls; call++)
            await cluster.ContributeAsync("device-00007", SixteenProbes, cancellation);
        var (up, down) = ((client.Meter.BytesSent - sent) / (double)Calls, (client.Meter.BytesReceived - received) / (double)Calls);

        TestContext.Current.TestOutputHelper?.WriteLine($"{up} bytes up, {down} bytes down per contribution");
        Assert.InRange(up, 64, 256);
        Assert.InRange(down, 1, 256);
    }
}
