namespace FwdLLM.Tests.Cluster;

/// <summary>One device, one process, fifty times.</summary>
[Trait("Category", "Cluster")]
public sealed class FiftyProcessTests(FiftyDevices job) : IClassFixture<FiftyDevices>
{
    [Fact(Timeout = 400_000)] // milliseconds; mostly the start of fifty .NET processes
    public async Task Job_gives_the_bits_of_one_process_with_fifty_agents()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        await cluster.SubmitAsync("fifty");
        var agents = Enumerable.Range(0, job.Devices).Select(device => cluster.StartAgent("fifty", device, device, cluster.FirstGateway)).ToArray();

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("fifty", agents));
    }
}
