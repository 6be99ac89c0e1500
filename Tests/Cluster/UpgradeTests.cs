using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Cluster;

/// <summary>Two versions of the silo in one cluster, and agents of one version before clusters of another (docs/upgrades.md).</summary>
[Trait("Category", "Cluster")]
public sealed class UpgradeTests(TinyJob job) : IClassFixture<TinyJob>
{
    private const int Limit = 600_000; // milliseconds; building the next version takes most of it on a busy machine

    [Fact(Timeout = Limit)]
    public async Task Silos_are_upgraded_one_by_one_during_a_job_to_the_same_bits_and_later_drop_old_agents_with_a_reason()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await ClusterServer.StartAsync("redis", cancellation);
        var folder = Path.Combine(job.Folder, "next");
        var next = await NextVersion.BuildAsync(folder, cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server);
        var silos = new[] { await cluster.StartSiloAsync(0), await cluster.StartSiloAsync(1), await cluster.StartSiloAsync(2) };
        await cluster.SubmitAsync("upgraded");
        ProgramProcess StartAgent(int agent) => cluster.StartAgent("upgraded", 2 * agent, (2 * agent) + 1, cluster.Gateway(0), "--artifacts", job.Artifacts, "--gateway", cluster.Gateway(1), "--gateway", cluster.Gateway(2));
        var agents = Enumerable.Range(0, 3).Select(StartAgent).ToArray();

        for (var silo = 0; silo < silos.Length; silo++)
        {
            // Some rounds by each mixture of versions. Without one agent the job cannot end before the last silo is replaced.
            var left = TinyJob.Rounds - 2 - (3 * silo);
            await cluster.UntilAsync("upgraded", status => status.Phase == JobPhase.Running && status.RoundsLeft >= 0 && status.RoundsLeft <= left);
            await agents[silo].KillAsync();
            await silos[silo].InterruptAsync();
            silos[silo] = await cluster.StartSiloAsync(next, silo);
            agents[silo] = StartAgent(silo);
        }

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("upgraded", agents));

        foreach (var silo in silos)
            await silo.InterruptAsync();
        await cluster.StartSiloAsync(await NextVersion.BuildWithoutPresentProtocolAsync(folder, cancellation), 0);
        await cluster.SubmitAsync("later");
        var old = cluster.StartAgent("later", 0, 0, cluster.FirstGateway);
        Assert.Equal(3, await old.EndAsync(cancellation));
        await old.LineAsync($"this cluster {ProtocolVersion.Current + 1} to {ProtocolVersion.Current + 1}: the agent is too old", cancellation);
    }
}
