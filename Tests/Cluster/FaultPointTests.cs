using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Cluster;

/// <summary>
/// Silos that kill or harm themselves at the transitions of a round, one fault after the other in one job, a dead silo started again
/// as a supervisor would. Each job ends with the bits, and the journal hash, of a job that nothing happened to.
/// </summary>
[Trait("Category", "Cluster")]
public sealed class FaultPointTests(TinyJob job) : IClassFixture<TinyJob>
{
    private const int Limit = 400_000; // milliseconds

    private static readonly string[] Points =
        ["round-opened", "assigned", "accepted", "acknowledged", "gate-passed", "step-computed", "entry-written", "version-committed", "round-closed"];

    [Theory(Timeout = Limit)]
    [InlineData("sqlite", 1)]
    [InlineData("redis", 3)]
    [InlineData("postgresql", 3)]
    public async Task Kill_9_at_every_transition_changes_nothing(string kind, int silos)
    {
        // Two rounds for each, so that a restarted silo works before it is killed again; the last in the job's last moment.
        var plan = new FaultPlanFiles(
            Path.Combine(job.Folder, $"{kind}-kills"), [.. Points.Select((point, at) => $"{point}:kill@round={2 * at}@job={kind}-kills"), $"job-finished:kill@job={kind}-kills"]);
        await FaultsChangeNothingAsync(kind, silos, plan, $"{kind}-kills", TestContext.Current.CancellationToken);
    }

    [Theory(Timeout = Limit)]
    [InlineData("sqlite", 1)]
    [InlineData("redis", 3)]
    [InlineData("postgresql", 3)]
    public async Task Storage_that_fails_or_is_written_by_another_at_every_transition_changes_nothing(string kind, int silos)
    {
        var id = $"{kind}-storage";
        string[] actions = ["storage-error", "storage-lost", "duplicate"];
        var plan = new FaultPlanFiles(
            Path.Combine(job.Folder, id),
            [
                .. Points.SelectMany((point, at) => actions.Select((action, shift) => $"{point}:{action}@round={(at + (6 * shift)) % 18}@job={id}")),
                $"gate-passed:storage-down=2000@round=16@job={id}", $"assigned:storage-latency=300@round=18@job={id}",
            ]);
        await FaultsChangeNothingAsync(kind, silos, plan, id, TestContext.Current.CancellationToken);
    }

    [Theory(Timeout = Limit)]
    [InlineData("redis")]
    [InlineData("postgresql")]
    public async Task Silo_that_hangs_while_it_holds_the_round_is_replaced_and_spoils_nothing_when_it_wakes(string kind)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await ClusterServer.StartAsync(kind, cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server);
        var id = $"{kind}-hang";
        var plan = new FaultPlanFiles(Path.Combine(job.Folder, id), $"step-computed:stop@round=8@job={id}");
        var silos = await Task.WhenAll(Enumerable.Range(0, 3).Select(silo => cluster.StartArmedSiloAsync(silo, plan.Options)));
        await cluster.SubmitAsync(id);
        var agents = StartAgents(cluster, id);

        await cluster.UntilAsync(id, status => status.Model is { Version: > 9 }); // The round that it held is over, without it.
        var hung = Assert.Single(silos, silo => silo.Id == plan.Happened().Values.Single().ProcessId);
        hung.Resume();
        Assert.NotEqual(0, await hung.EndAsync(cancellation)); // It learns that it is out, and ends itself.
        Assert.Equal(job.AdapterSha256, (await EndAsync(cluster, id, agents, cancellation)).Adapter);
    }

    private async Task FaultsChangeNothingAsync(string kind, int silos, FaultPlanFiles plan, string id, CancellationToken cancellation)
    {
        await using var server = await ClusterServer.StartAsync(kind, cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server);
        await SupervisedSilos.StartAsync(cluster, silos, plan.Options, cancellation);
        await cluster.SubmitAsync($"{id}-calm");
        var calm = await EndAsync(cluster, $"{id}-calm", StartAgents(cluster, $"{id}-calm"), cancellation);
        await cluster.SubmitAsync(id);
        var disturbed = await EndAsync(cluster, id, StartAgents(cluster, id), cancellation);

        Assert.Equal(plan.Faults.Order(StringComparer.Ordinal), plan.Happened().Keys.Order(StringComparer.Ordinal));
        Assert.Equal(job.AdapterSha256, calm.Adapter);
        Assert.Equal(calm, disturbed);
    }

    private static ProgramProcess[] StartAgents(ProcessCluster cluster, string id) =>
        [cluster.StartAgent(id, 0, 2, cluster.GatewayUrls), cluster.StartAgent(id, 3, 5, cluster.GatewayUrls)];

    private static async Task<(string Adapter, string Journal, long Contributions)> EndAsync(ProcessCluster cluster, string id, ProgramProcess[] agents, CancellationToken cancellation)
    {
        foreach (var agent in agents)
            await agent.SucceedAsync(cancellation);
        var status = await cluster.UntilAsync(id, status => status.Phase == JobPhase.Finished);
        return (status.Model!.AdapterSha256, status.Model.JournalHash, status.Contributions);
    }
}
