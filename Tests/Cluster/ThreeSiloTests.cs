using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Cluster;

/// <summary>Three silos that find each other on a server: none is the first, and each may die. The bits are those of one process.</summary>
[Trait("Category", "Cluster")]
public sealed class ThreeSiloTests(TinyJob job) : IClassFixture<TinyJob>
{
    private const int Limit = 300_000; // milliseconds

    [Theory(Timeout = Limit)]
    [InlineData("redis")]
    [InlineData("postgresql")]
    public async Task Job_gives_the_same_bits_when_silos_are_killed_and_started_again_one_after_the_other(string kind)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await ClusterServer.StartAsync(kind, cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server);
        var silos = await Task.WhenAll(Enumerable.Range(0, ProcessCluster.MostSilos).Select(silo => cluster.StartSiloAsync(silo)));
        var id = $"{kind}-killed";
        await cluster.SubmitAsync(id);
        var agents = new[] { cluster.StartAgent(id, 0, 2, cluster.Gateway(0)), cluster.StartAgent(id, 3, 5, cluster.Gateway(1)) };
        foreach (var (silo, roundsLeft) in new[] { (0, 12), (1, 8), (2, 4) })
        {
            await cluster.UntilAsync(id, status => status is { Phase: JobPhase.Running } && status.RoundsLeft <= roundsLeft);
            await silos[silo].KillAsync();
            silos[silo] = await cluster.StartSiloAsync(silo);
        }

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync(id, agents));
    }
}
