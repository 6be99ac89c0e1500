using FwdLLM.Grains.Interfaces;
using FwdLLM.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace FwdLLM.DeviceAgent.Tests;

/// <summary>A real silo on real loopback ports whose device grain is <see cref="StubDeviceGrain"/>.</summary>
internal sealed class StubSilo : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fwdllm-stub-silo");

    private StubSilo(SiloSettings settings, IHost host) => (Settings, Host) = (settings, host);

    public SiloSettings Settings { get; private set; }

    public IHost Host { get; private set; }

    public DeviceClientSettings ClientSettings => new() { Gateways = [$"127.0.0.1:{Settings.GatewayPort}"] };

    public static async Task<StubSilo> StartAsync(CancellationToken cancellation)
    {
        var ports = FreePort.Take(2);
        var silo = new StubSilo(new SiloSettings(), null!);
        silo.Settings = new SiloSettings { SiloPort = ports[0], GatewayPort = ports[1], StorageFolder = silo._folder.FullName };
        silo.Host = SiloHostBuilder.Build(silo.Settings, services => services.Configure<GrainTypeOptions>(types =>
            types.Classes.RemoveWhere(type => type.IsAssignableTo(typeof(IDeviceGrain)) && type != typeof(StubDeviceGrain))));
        await silo.Host.StartAsync(cancellation);
        return silo;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync();
        Host.Dispose();
        _folder.Delete(recursive: true);
    }
}
