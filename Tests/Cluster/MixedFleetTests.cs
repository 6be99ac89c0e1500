using FwdLLM.Cli.Settings;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Cluster;

/// <summary>Agents with and without <c>--exact</c> as processes of one job.</summary>
[Trait("Category", "Cluster")]
public sealed class MixedFleetTests(MixedFleet job) : IClassFixture<MixedFleet>
{
    private const int Limit = 300_000; // milliseconds

    private readonly IReadOnlySet<int> _exact = ExactOption.Choose(7, job.Devices, job.ExactDevices);

    [Fact(Timeout = Limit)]
    public async Task Agents_with_exact_gradients_among_others_give_the_bits_of_one_process()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        await cluster.SubmitAsync("mixed");
        var agents = Enumerable.Range(0, job.Devices).Select(device => Start(cluster, "mixed", device, _exact.Contains(device))).ToArray();

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("mixed", agents));
    }

    [Fact(Timeout = Limit)]
    public async Task Agent_that_returns_without_its_exact_gradients_is_asked_for_probes_at_once()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        await cluster.SubmitAsync("changed");
        var agents = Enumerable.Range(0, job.Devices).Select(device => Start(cluster, "changed", device, _exact.Contains(device))).ToArray();
        await cluster.UntilAsync("changed", status => status is { Phase: JobPhase.Running, RoundsLeft: <= 12 and > 3 });
        var (weaker, stronger) = (_exact.First(), Enumerable.Range(0, job.Devices).First(device => !_exact.Contains(device)));
        await agents[weaker].KillAsync();
        await agents[stronger].KillAsync();
        (agents[weaker], agents[stronger]) = (Start(cluster, "changed", weaker, exact: false), Start(cluster, "changed", stronger, exact: true));

        // The deadline of a wave is longer than this test may take.
        Assert.NotEqual(job.AdapterSha256, await cluster.FinishAsync("changed", agents));
    }

    private ProgramProcess Start(ProcessCluster cluster, string id, int device, bool exact) =>
        cluster.StartAgent(id, device, device, cluster.FirstGateway, ["--artifacts", job.Artifacts, .. exact ? new[] { "--exact" } : []]);
}
