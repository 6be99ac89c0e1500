namespace FwdLLM.Tests.Cluster;

/// <summary>One device, one process, fifty times.</summary>
[Trait("Category", "Cluster")]
public sealed class FiftyProcessTests(FiftyDevices job) : IClassFixture<FiftyDevices>
{
    /// <summary>Starting at once: fifty .NET processes that compile keep each other, and the silo, from connecting for longer than an agent tries.</summary>
    private const int AtOnce = 10;

    [Fact(Timeout = 900_000)] // milliseconds; mostly the start of fifty .NET processes
    public async Task Job_gives_the_bits_of_one_process_with_fifty_agents()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        await cluster.SubmitAsync("fifty");
        var agents = new List<ProgramProcess>();
        foreach (var devices in Enumerable.Range(0, job.Devices).Chunk(AtOnce))
        {
            ProgramProcess[] started = [.. devices.Select(device => cluster.StartAgent("fifty", device, device, cluster.FirstGateway))];
            foreach (var agent in started) await agent.LineAsync($"1 of {job.Devices} devices", TestContext.Current.CancellationToken);
            agents.AddRange(started);
        }

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("fifty", [.. agents]));
    }
}
