using System.Net;
using FwdLLM.Grains;
using FwdLLM.Silo.Faults;
using FwdLLM.Silo.Membership;
using Orleans.Configuration;
using Orleans.Dashboard;

namespace FwdLLM.Silo;

/// <summary>Builds a silo's host from its settings: the same for the Silo program and for a silo inside another program.</summary>
public static class SiloHostBuilder
{
    /// <summary>Builds the host; starting and stopping it is the caller's.</summary>
    /// <param name="settings">Validated here.</param>
    /// <param name="extra">More services, for example an evaluator, logging or a lifetime. Runs last, so it can replace what is registered here.</param>
    /// <exception cref="ArgumentException">A setting is wrong; the message names it.</exception>
    /// <exception cref="IOException">The SQLite storage folder cannot be made.</exception>
    public static IHost Build(SiloSettings settings, Action<IServiceCollection>? extra = null)
    {
        settings.Validate();
        if (settings.Storage == StorageKind.Sqlite)
            Directory.CreateDirectory(settings.StorageFolder);
        return settings.HttpPort == 0 ? BuildWithoutHttp(settings, extra) : BuildWithHttp(settings, extra);
    }

    private static IHost BuildWithoutHttp(SiloSettings settings, Action<IServiceCollection>? extra)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleans(silo => Configure(silo, settings));
        Common(builder.Services, settings, extra);
        return builder.Build();
    }

    private static WebApplication BuildWithHttp(SiloSettings settings, Action<IServiceCollection>? extra)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Parse(settings.HttpAddress), settings.HttpPort));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<GatewayList>(services, TimeProvider.System));
        builder.Host.UseOrleans(silo =>
        {
            Configure(silo, settings);
            if (settings.Dashboard)
                silo.AddDashboard(dashboard => dashboard.HideTrace = true);
        });
        Common(builder.Services, settings, extra);
        var app = builder.Build();
        SiloHttp.Map(app, settings);
        return app;
    }

    private static void Common(IServiceCollection services, SiloSettings settings, Action<IServiceCollection>? extra)
    {
        services.AddSingleton(settings);
        services.AddSingleton<IHostLifetime, DetachedLifetime>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.Timings.ShutdownTimeout);
        extra?.Invoke(services);
    }

    private static void Configure(ISiloBuilder silo, SiloSettings settings)
    {
        var address = IPAddress.Parse(settings.Address);
        silo.Configure<ClusterOptions>(cluster =>
        {
            cluster.ClusterId = settings.ClusterId;
            cluster.ServiceId = settings.ServiceId;
        });
        silo.ConfigureEndpoints(address, settings.SiloPort, settings.GatewayPort);
        silo.Configure<ClusterMembershipOptions>(settings.Timings.Apply);
        RefusalWatch.Add(silo, settings);
        silo.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.ResponseTimeout = settings.Timings.ResponseTimeout;
            messaging.SystemResponseTimeout = settings.Timings.SystemTimeout;
            messaging.ClientDropTimeout = settings.Timings.ClientDrop;
            messaging.MaxEnqueuedRequestsHardLimit = settings.MaxQueuedRequests;
            messaging.MaxEnqueuedRequestsHardLimit_StatelessWorker = settings.MaxQueuedRequests;
        });
        silo.Configure<LoadSheddingOptions>(shedding =>
        {
            shedding.LoadSheddingEnabled = settings.LoadShedding;
            shedding.CpuThreshold = 95;
            shedding.MemoryThreshold = 90;
        });
        // Below Orleans' own threshold: devices get a window to come back in before the gateway throws.
        silo.AddFwdLLMGrains(limits: new FlowLimits { ProcessorShare = settings.LoadShedding ? 0.85 : 0 });
        Backends.AddStorage(silo, settings);
        Backends.AddClustering(silo, settings);
        if (settings.Fault is { } plan) silo.Services.AddFaults(plan, settings.FaultFolder);
    }
}
