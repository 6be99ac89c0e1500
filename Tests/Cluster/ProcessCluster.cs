using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Silo;

namespace FwdLLM.Tests.Cluster;

/// <summary>Silos, agents and operator's commands as processes on this machine, with a storage of their own.</summary>
internal sealed class ProcessCluster(TinyJob job, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly string _storage = Directory.CreateTempSubdirectory("fwdllm-cluster-state-").FullName;
    private readonly List<ProgramProcess> _started = [];
    private readonly int[] _ports = FreePort.Take(5);

    public string FirstGateway => $"127.0.0.1:{_ports[1]}";

    public string SecondGateway => $"127.0.0.1:{_ports[3]}";

    public string Http => $"http://127.0.0.1:{_ports[4]}";

    public Task<ProgramProcess> StartSiloAsync() =>
        StartSiloAsync("--silo-port", $"{_ports[0]}", "--gateway-port", $"{_ports[1]}", "--http-port", $"{_ports[4]}");

    public Task<ProgramProcess> StartSecondSiloAsync() =>
        StartSiloAsync("--silo-port", $"{_ports[2]}", "--gateway-port", $"{_ports[3]}", "--http-port", "0", "--primary-silo-port", $"{_ports[0]}");

    public async Task SubmitAsync(string id) => await StartCommand("job", "submit", job.Write(id), "--artifacts", job.Artifacts, "--gateway", FirstGateway).SucceedAsync(cancellation);

    /// <summary>The operator's command.</summary>
    public ProgramProcess StartCommand(params string[] arguments) => Start("Cli", arguments);

    public ProgramProcess StartAgent(string id, int first, int last, string gateway, params string[] more) => Start(
        "DeviceAgent",
        [
            "--job", id, "--data", job.Train, "--split", TinyJob.Split, "--devices", $"{job.Devices}", "--hosts", $"{first}-{last}", "--gateway", gateway,
            .. more.Length > 0 ? more : ["--artifacts", job.Artifacts],
        ]);

    /// <summary>Follows the job by long polls until <paramref name="reached"/>; a job or program that fails, or a job that ends before it, fails the test.</summary>
    public async Task<JobStatus> UntilAsync(string id, Func<JobStatus, bool> reached)
    {
        await using var client = await DeviceClient.ConnectAsync(new DeviceClientSettings { Gateways = [FirstGateway] }, TimeProvider.System, () => 0.5, cancellation: cancellation);
        for (var status = new JobStatus { Revision = -1, Phase = JobPhase.Unknown }; ;)
        {
            status = await client.Orleans.GetGrain<IJobGrain>(id).GetStatus(status.Revision, TimeSpan.FromSeconds(4)).WaitAsync(cancellation);
            if (reached(status))
                return status;
            Assert.True(status.Phase is JobPhase.Waiting or JobPhase.Running && !_started.Exists(program => program.HasFailed), $"{status.Phase} {status.Message}\n{Logs()}");
        }
    }

    /// <summary>SHA-256 of the adapter when the job is finished and all given agents have ended by themselves.</summary>
    public async Task<string> FinishAsync(string id, params ProgramProcess[] agents)
    {
        var status = await UntilAsync(id, status => status.Phase == JobPhase.Finished);
        foreach (var agent in agents)
            await agent.SucceedAsync(cancellation);
        return status.Model!.AdapterSha256;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _started)
            await program.DisposeAsync();
        Directory.Delete(_storage, recursive: true);
    }

    private async Task<ProgramProcess> StartSiloAsync(params string[] ports)
    {
        var silo = Start("Silo", ["--storage-folder", _storage, "--artifacts-folder", job.Artifacts, .. ports]);
        await silo.LineAsync("silo ready", cancellation);
        return silo;
    }

    private ProgramProcess Start(string project, string[] arguments)
    {
        var program = ProgramProcess.Start(project, job.Folder, arguments);
        _started.Add(program);
        return program;
    }

    private string Logs() => string.Join('\n', _started.Select(program => program.Log));
}
