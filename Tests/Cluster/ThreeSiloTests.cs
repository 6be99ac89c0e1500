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
        var silos = await cluster.StartSilosAsync();
        var id = $"{kind}-killed";
        await cluster.SubmitAsync(id);
        var agents = new[] { cluster.StartAgent(id, 0, 2, cluster.GatewayUrls), cluster.StartAgent(id, 3, 5, cluster.Membership) };
        foreach (var (silo, roundsLeft) in new[] { (0, 12), (1, 8), (2, 4) })
        {
            await cluster.UntilAsync(id, status => status is { Phase: JobPhase.Running } && status.RoundsLeft <= roundsLeft);
            await silos[silo].KillAsync();
            // Half of the devices stand still meanwhile: a busy machine takes longer to start a silo than the job for its rounds.
            agents[0].Suspend();
            silos[silo] = await cluster.StartSiloAsync(silo);
            agents[0].Resume();
        }

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync(id, agents));
    }

    [Fact(Timeout = Limit)]
    public async Task Killed_silo_is_out_before_anybody_has_missed_a_probe()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await ClusterServer.StartAsync("redis", cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server);
        // Probes take longer than the test may.
        var silos = await Task.WhenAll(Enumerable.Range(0, 3).Select(silo => cluster.StartSiloAsync(silo, "--probe-timeout", "60", "--missed-probes", "20")));
        await cluster.SubmitAsync("refused");
        var agents = new[] { cluster.StartAgent("refused", 0, 2, cluster.GatewayUrls), cluster.StartAgent("refused", 3, 5, cluster.GatewayUrls) };
        await cluster.UntilAsync("refused", status => status is { Phase: JobPhase.Running, RoundsLeft: <= 12 });
        await silos[0].KillAsync();

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("refused", agents));
    }

    [Fact(Timeout = Limit)]
    public async Task Job_goes_on_without_a_silo_that_hangs_and_gives_the_same_bits()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await ClusterServer.StartAsync("redis", cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server);
        var silos = await cluster.StartSilosAsync();
        await cluster.SubmitAsync("hung");
        var agents = new[] { cluster.StartAgent("hung", 0, 2, cluster.GatewayUrls), cluster.StartAgent("hung", 3, 5, cluster.GatewayUrls) };
        await cluster.UntilAsync("hung", status => status is { Phase: JobPhase.Running, RoundsLeft: <= 12 });
        silos[0].Suspend();

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("hung", agents));
    }

    [Theory(Timeout = Limit)]
    [InlineData("redis")]
    [InlineData("postgresql")]
    public async Task Job_gives_the_same_bits_after_kill_9_of_the_server_that_holds_its_state(string kind)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await ClusterServer.StartAsync(kind, cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server);
        await cluster.StartSilosAsync();
        var id = $"{kind}-server-killed";
        await cluster.SubmitAsync(id);
        var agents = new[] { cluster.StartAgent(id, 0, 2, cluster.GatewayUrls), cluster.StartAgent(id, 3, 5, cluster.GatewayUrls) };
        await cluster.UntilAsync(id, status => status is { Phase: JobPhase.Running, RoundsLeft: <= 12 });
        await server.Server!.KillAsync();
        await server.Server.StartAsync(cancellation);

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync(id, agents));
        Assert.DoesNotContain(TestServer.Password, cluster.Logs(), StringComparison.Ordinal);
    }
}
