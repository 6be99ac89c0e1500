using System.Text.Json;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Cluster;

/// <summary>The programs as an operator starts them. Each test ends with the bits that <c>fwdllm run</c> gives in one process.</summary>
[Trait("Category", "Cluster")]
public sealed class SeparateProcessTests(TinyJob job) : IClassFixture<TinyJob>
{
    private const int Limit = 300_000; // milliseconds; each takes a few seconds on a machine that has nothing else to do

    [Fact(Timeout = Limit)]
    public async Task Job_gives_the_bits_of_one_process_with_any_number_of_agents()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        foreach (var agents in (int[])[1, 2, job.Devices])
        {
            var id = $"agents-{agents}";
            var each = job.Devices / agents;
            await cluster.SubmitAsync(id);
            var started = Enumerable.Range(0, agents).Select(agent => cluster.StartAgent(id, agent * each, ((agent + 1) * each) - 1, cluster.FirstGateway)).ToArray();

            Assert.Equal((id, job.AdapterSha256), (id, await cluster.FinishAsync(id, started)));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Job_gives_the_same_bits_on_two_silos_and_with_a_downloaded_model()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        await cluster.StartSecondSiloAsync();
        await cluster.SubmitAsync("two-silos");
        var agents = new[]
        {
            cluster.StartAgent("two-silos", 0, 2, cluster.FirstGateway),
            cluster.StartAgent("two-silos", 3, 5, cluster.SecondGateway, "--artifacts", "downloaded", "--artifacts-url", cluster.Http),
        };

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("two-silos", agents));
    }

    [Fact(Timeout = Limit)]
    public async Task Job_gives_the_same_bits_after_kill_9_of_the_only_silo()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        var silo = await cluster.StartSiloAsync();
        await cluster.SubmitAsync("silo-killed");
        var agents = new[] { cluster.StartAgent("silo-killed", 0, 2, cluster.FirstGateway), cluster.StartAgent("silo-killed", 3, 5, cluster.FirstGateway) };
        await InTheMiddleAsync(cluster, "silo-killed");
        await silo.KillAsync();
        await cluster.StartSiloAsync();

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("silo-killed", agents));
    }

    [Fact(Timeout = Limit)]
    public async Task Job_gives_the_same_bits_after_kill_9_of_an_agent()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        await cluster.SubmitAsync("agent-killed");
        var survivor = cluster.StartAgent("agent-killed", 0, 2, cluster.FirstGateway);
        var victim = cluster.StartAgent("agent-killed", 3, 5, cluster.FirstGateway);
        await InTheMiddleAsync(cluster, "agent-killed");
        await victim.KillAsync();
        var successor = cluster.StartAgent("agent-killed", 3, 5, cluster.FirstGateway);

        Assert.Equal(job.AdapterSha256, await cluster.FinishAsync("agent-killed", survivor, successor));
    }

    [Fact(Timeout = Limit)]
    public async Task Operator_sees_the_hash_of_a_finished_job_by_watching_it()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        await cluster.SubmitAsync("watched");
        var watch = cluster.StartCommand("job", "watch", "watched", "--format", "json", "--gateway", cluster.FirstGateway);
        await cluster.FinishAsync("watched", cluster.StartAgent("watched", 0, job.Devices - 1, cluster.FirstGateway));
        await watch.SucceedAsync(TestContext.Current.CancellationToken);
        using var summary = JsonDocument.Parse(await watch.LineAsync("adapter_sha256", TestContext.Current.CancellationToken));

        Assert.Equal(("finished", job.AdapterSha256), (summary.RootElement.GetProperty("phase").GetString(), summary.RootElement.GetProperty("adapter_sha256").GetString()));
    }

    [Fact(Timeout = Limit)]
    public async Task Operator_exports_the_adapter_of_a_finished_job()
    {
        await using var cluster = new ProcessCluster(job, TestContext.Current.CancellationToken);
        await cluster.StartSiloAsync();
        await cluster.SubmitAsync("exported");
        await cluster.FinishAsync("exported", cluster.StartAgent("exported", 0, job.Devices - 1, cluster.FirstGateway));
        await cluster.StartCommand("job", "export", "exported", "--artifacts", job.Artifacts, "--target", "export", "--gateway", cluster.FirstGateway).SucceedAsync(TestContext.Current.CancellationToken);

        foreach (var file in new[] { "adapter_model.safetensors", "head.safetensors", "head.json" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(job.Folder, "runs", "alone", "adapter", file)), File.ReadAllBytes(Path.Combine(job.Folder, "export", file)));
    }

    [Fact(Timeout = Limit)]
    public async Task Auditor_replays_the_journal_of_a_finished_job_without_its_cluster_and_finds_a_changed_byte()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var cluster = new ProcessCluster(job, cancellation);
        var silo = await cluster.StartSiloAsync();
        await cluster.SubmitAsync("audited");
        await cluster.FinishAsync("audited", cluster.StartAgent("audited", 0, job.Devices - 1, cluster.FirstGateway));
        await ReplayAsync("audited", "--gateway", cluster.FirstGateway);
        await cluster.StartCommand("job", "journal", "audited", "--out", "audited.fwj", "--gateway", cluster.FirstGateway).SucceedAsync(cancellation);
        await silo.KillAsync();

        var elsewhere = Directory.CreateTempSubdirectory("fwdllm-auditor-").FullName;
        try
        {
            var file = Path.Combine(elsewhere, "audited.fwj");
            File.Move(Path.Combine(job.Folder, "audited.fwj"), file);
            await ReplayAsync(file, "--expect", job.AdapterSha256);

            var bytes = await File.ReadAllBytesAsync(file, cancellation);
            bytes[^64] ^= 1; // In the last contribution's vector.
            await File.WriteAllBytesAsync(file, bytes, cancellation);
            var refused = cluster.StartCommand("replay", file);
            Assert.Equal(1, await refused.EndAsync(cancellation));
            Assert.Matches(@"error: The journal's entry of round \d+ is damaged: contribution \d+ \(device 'device-\d+'.* was changed", refused.Log);
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }

        async Task ReplayAsync(params string[] arguments)
        {
            var replay = cluster.StartCommand(["replay", .. arguments, "--format", "json"]);
            await replay.SucceedAsync(cancellation);
            using var summary = JsonDocument.Parse(await replay.LineAsync("adapter_sha256", cancellation));
            Assert.Equal((true, job.AdapterSha256), (summary.RootElement.GetProperty("equal").GetBoolean(), summary.RootElement.GetProperty("adapter_sha256").GetString()));
        }
    }

    // Some probe rounds are behind it, most are still to come.
    private static Task InTheMiddleAsync(ProcessCluster cluster, string id) =>
        cluster.UntilAsync(id, status => status is { Phase: JobPhase.Running, RoundsLeft: <= 12 and > 3 });
}
