using FwdLLM.DeviceAgent;
using FwdLLM.Silo;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Bench.Load;

/// <summary>The silos of one measurement, with a storage of their own.</summary>
internal sealed class SiloGroup : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fwdllm-load-").FullName;
    private readonly List<SiloProcess> _silos = [];
    private readonly List<string> _gateways = [];
    private readonly ClusterServer _server;

    private SiloGroup(ClusterServer server) => _server = server;

    /// <summary>Starts the silos, one after the other.</summary>
    public static async Task<SiloGroup> StartAsync(LoadSettings settings, CancellationToken cancellation)
    {
        var group = new SiloGroup(await ClusterServer.StartAsync(settings.Storage, cancellation));
        var complete = false;
        try
        {
            var ports = FreePort.Take(2 * settings.Silos);
            for (var silo = 0; silo < settings.Silos; silo++)
            {
                string[] own = ["--silo-port", $"{ports[2 * silo]}", "--gateway-port", $"{ports[(2 * silo) + 1]}", "--http-port", "0"];
                string[] cluster = silo == 0 || group._server.HasMembership ? [] : ["--primary-silo-port", $"{ports[0]}"];
                group._silos.Add(await SiloProcess.StartAsync([.. own, .. cluster, "--storage-folder", group._folder], group._server.Environment(), cancellation));
                group._gateways.Add($"127.0.0.1:{ports[(2 * silo) + 1]}");
            }

            complete = true;
            return group;
        }
        finally
        {
            if (!complete)
                await group.DisposeAsync();
        }
    }

    /// <summary>A client of all gateways.</summary>
    public Task<DeviceClient> ConnectAsync(CancellationToken cancellation) =>
        DeviceClient.ConnectAsync(new DeviceClientSettings { Gateways = _gateways }, TimeProvider.System, Random.Shared.NextDouble, cancellation: cancellation);

    /// <summary>Memory of all silos together, after collections.</summary>
    public async Task<SiloMemory> WeighAsync(CancellationToken cancellation)
    {
        var live = 0L;
        foreach (var silo in _silos)
            live += await silo.CollectAsync(cancellation);
        return new SiloMemory(live, _silos.Sum(silo => silo.Resident));
    }

    /// <summary>Processor seconds of all silos.</summary>
    public double ProcessorSeconds => _silos.Sum(silo => silo.ProcessorTime.TotalSeconds);

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
            await silo.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
