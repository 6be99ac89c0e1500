using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Silo;

namespace FwdLLM.Tests.Cluster;

/// <summary>Silos, agents and operator's commands as processes on this machine, with a storage of their own.</summary>
/// <param name="job">What they work on.</param>
/// <param name="cancellation">Ends every wait.</param>
/// <param name="server">Where state and membership are; null for an SQLite file and the first silo's memory. Disposed by whoever made it.</param>
internal sealed class ProcessCluster(TinyJob job, CancellationToken cancellation, ClusterServer? server = null) : IAsyncDisposable
{
    /// <summary>Silos that a cluster may have here.</summary>
    public const int MostSilos = 3;

    private readonly string _storage = Directory.CreateTempSubdirectory("fwdllm-cluster-state-").FullName;
    private readonly List<ProgramProcess> _started = [];
    private readonly int[] _ports = FreePort.Take(3 * MostSilos);
    private readonly HashSet<string> _gateways = [];

    /// <summary>What silos are started from: the project, or the path of an assembly.</summary>
    public string SiloProgram { get; init; } = "Silo";

    /// <summary>The same of agents.</summary>
    public string AgentProgram { get; init; } = "DeviceAgent";

    public string FirstGateway => Gateway(0);

    public string SecondGateway => Gateway(1);

    public string Http => HttpOf(0);

    /// <summary>The gateway of silo number <paramref name="silo"/>, from 0.</summary>
    public string Gateway(int silo) => $"127.0.0.1:{_ports[(3 * silo) + 1]}";

    /// <summary>The HTTP address of silo number <paramref name="silo"/>, from 0.</summary>
    public string HttpOf(int silo) => $"http://127.0.0.1:{_ports[(3 * silo) + 2]}";

    /// <summary>How an agent is told to ask the silos for the gateways.</summary>
    public string[] GatewayUrls => [.. Enumerable.Range(0, MostSilos).SelectMany(silo => new[] { "--gateways-url", HttpOf(silo) })];

    /// <summary>How a client inside the data centre is told to read them from the cluster's server.</summary>
    public string[] Membership => ["--clustering", server!.Kind, "--clustering-connection", server.Server!.Connection];

    /// <summary>Starts silo number <paramref name="silo"/>, from 0, or starts it again on the same ports, and waits until it is a member.</summary>
    public Task<ProgramProcess> StartSiloAsync(int silo = 0, params string[] more) => StartSiloAsync(SiloProgram, silo, more);

    /// <summary>Likewise from another build: <paramref name="program"/> is its assembly.</summary>
    public async Task<ProgramProcess> StartSiloAsync(string program, int silo, params string[] more)
    {
        var started = StartSilo(silo, more, mayDie: false, program);
        await started.LineAsync("silo ready", cancellation);
        return started;
    }

    /// <summary>The same, with faults to come: it may have died before it was ready.</summary>
    public async Task<ProgramProcess> StartArmedSiloAsync(int silo, string[] faults)
    {
        var started = StartSilo(silo, faults, mayDie: true, SiloProgram);
        await started.TryLineAsync("silo ready", cancellation);
        return started;
    }

    /// <summary>Starts all silos at once.</summary>
    public Task<ProgramProcess[]> StartSilosAsync() => Task.WhenAll(Enumerable.Range(0, MostSilos).Select(silo => StartSiloAsync(silo)));

    public Task<ProgramProcess> StartSecondSiloAsync() => StartSiloAsync(1);

    public async Task SubmitAsync(string id, int rounds = TinyJob.Rounds) => await StartCommand("job", "submit", job.Write(id, rounds), "--artifacts", job.Artifacts, "--gateway", FirstGateway).SucceedAsync(cancellation);

    /// <summary>The operator's command.</summary>
    public ProgramProcess StartCommand(params string[] arguments) => Start("Cli", arguments);

    public ProgramProcess StartAgent(string id, int first, int last, string gateway, params string[] more) => StartAgent(id, first, last, ["--gateway", gateway], more);

    public ProgramProcess StartAgent(string id, int first, int last, string[] cluster, params string[] more) => Start(
        AgentProgram,
        [
            "--job", id, "--data", job.Train, "--split", TinyJob.Split, "--devices", $"{job.Devices}", "--hosts", $"{first}-{last}", .. cluster,
            .. more.Length > 0 ? more : ["--artifacts", job.Artifacts],
        ]);

    /// <summary>Follows the job by long polls until <paramref name="reached"/>; a job or program that fails, or a job that ends before it, fails the test.</summary>
    public async Task<JobStatus> UntilAsync(string id, Func<JobStatus, bool> reached)
    {
        await using var client = await DeviceClient.ConnectAsync(Client(), TimeProvider.System, () => 0.5, cancellation: cancellation);
        for (var status = new JobStatus { Revision = -1, Phase = JobPhase.Unknown }; ;)
        {
            try
            {
                status = await client.Orleans.GetGrain<IJobGrain>(id).GetStatus(status.Revision, TimeSpan.FromSeconds(4)).WaitAsync(cancellation);
            }
            catch (Exception failure) when (DeviceResilience.IsTransient(failure))
            {
                // A silo that dies takes the question with it.
                continue;
            }

            if (reached(status))
                return status;
            var failed = _started.Where(program => program.HasFailed).ToList();
            Assert.True(status.Phase is JobPhase.Waiting or JobPhase.Running && failed.Count == 0, $"{status.Phase} {status.Message}; ended by itself: {string.Join('\n', failed.Select(program => $"code {program.ExitCode} {program.Log}"))}\nAll:\n{Logs()}");
        }
    }

    /// <summary>One call to a grain, repeated while silos come and go.</summary>
    public async Task<T> CallAsync<T>(Func<IGrainFactory, Task<T>> call)
    {
        await using var client = await DeviceClient.ConnectAsync(Client(), TimeProvider.System, () => 0.5, cancellation: cancellation);
        while (true)
        {
            try
            {
                return await call(client.Orleans).WaitAsync(cancellation);
            }
            catch (Exception failure) when (DeviceResilience.IsTransient(failure))
            {
                cancellation.ThrowIfCancellationRequested();
            }
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

    /// <summary>Nothing is to be started any more.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>What all programs have printed.</summary>
    public string Logs() => string.Join('\n', _started.Select(program => program.Log));

    public async ValueTask DisposeAsync()
    {
        HasEnded = true;
        foreach (var program in _started.ToArray()) // A supervisor may still be starting one.
            await program.DisposeAsync();
        Directory.Delete(_storage, recursive: true);
    }

    // All silos, and what they tell of each other: a client of one gateway would wait for a silo that hangs.
    private DeviceClientSettings Client()
    {
        lock (_gateways)
            return new DeviceClientSettings
            {
                Gateways = [.. _gateways],
                GatewayUrls = [.. Enumerable.Range(0, MostSilos).Select(silo => new Uri(HttpOf(silo) + "/"))],
                // Fifty agents that start together keep a small machine from answering for longer than the usual minute.
                Resilience = new ResilienceOptions { ConnectDeadline = TimeSpan.FromMinutes(5) },
            };
    }

    private ProgramProcess StartSilo(int silo, string[] more, bool mayDie, string program)
    {
        string[] first = silo > 0 && server?.HasMembership != true ? ["--primary-silo-port", $"{_ports[0]}"] : [];
        lock (_gateways)
            _gateways.Add(Gateway(silo));
        return Start(
            program,
            [
                "--storage-folder", _storage, "--artifacts-folder", job.Artifacts, "--dashboard", "false",
                "--silo-port", $"{_ports[3 * silo]}", "--gateway-port", $"{_ports[(3 * silo) + 1]}", "--http-port", $"{_ports[(3 * silo) + 2]}", .. first, .. more,
            ],
            server?.Environment(),
            mayDie);
    }

    private ProgramProcess Start(string project, string[] arguments, IReadOnlyDictionary<string, string>? environment = null, bool mayDie = false)
    {
        var program = ProgramProcess.Start(project, job.Folder, arguments, environment, mayDie);
        _started.Add(program);
        return program;
    }
}
