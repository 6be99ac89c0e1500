using System.Net;
using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime.Messaging;

namespace FwdLLM.DeviceAgent;

/// <summary>A connection to the cluster: one Orleans client with its resilience pipeline and a meter on its sockets. One serves a whole process.</summary>
public sealed class DeviceClient : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly GrainDeviceCluster _cluster;
    private readonly SiloNews _news;

    private DeviceClient(IHost host, WireMeter meter, ConnectionWatch watch, DeviceClientSettings settings, TimeProvider time, Func<double> random)
    {
        _host = host;
        Meter = meter;
        Settings = settings;
        Orleans = host.Services.GetRequiredService<IClusterClient>();
        _cluster = new GrainDeviceCluster(Orleans, DeviceResilience.Create(settings.Resilience, time, random), () => watch.NextLoss);
        _news = new SiloNews(Orleans, watch, time);
    }

    /// <summary>What it was connected with.</summary>
    public DeviceClientSettings Settings { get; }

    /// <summary>The Orleans client, for calls that are not the devices' (status, administration).</summary>
    public IClusterClient Orleans { get; }

    /// <summary>The devices' calls, with retries.</summary>
    public IDeviceCluster Cluster => _cluster;

    /// <summary>Bytes on this client's connections.</summary>
    public WireMeter Meter { get; }

    /// <summary>Connects, retrying until <see cref="ResilienceOptions.ConnectDeadline"/>.</summary>
    /// <param name="settings">Cluster and timings.</param>
    /// <param name="time">Clock.</param>
    /// <param name="random">Uniform in [0, 1), for jitter.</param>
    /// <param name="logging">Where the client's own log goes; nowhere when null.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ArgumentException">A setting is wrong; the message names it.</exception>
    /// <exception cref="ConnectionFailedException">No gateway answered in time.</exception>
    public static async Task<DeviceClient> ConnectAsync(DeviceClientSettings settings, TimeProvider time, Func<double> random, Action<ILoggingBuilder>? logging = null, CancellationToken cancellation = default)
    {
        settings.Validate();
        var gateways = await Task.WhenAll(settings.Gateways.Select(gateway => GatewayAddress.ResolveAsync(gateway, cancellation)));
        var list = settings.GatewayUrls.Count > 0 ? new HttpGatewayList(settings.GatewayUrls, gateways, settings.ClusterId, settings.Resilience, random) : null;
        var (meter, watch) = (new WireMeter(), new ConnectionWatch(settings.Resilience.LossEchoes, time));

        // The empty builder: the default one watches configuration files, and a few hundred clients exhaust the system's watches.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (logging is not null)
            builder.Services.AddLogging(logging);
        builder.UseOrleansClient(client => Configure(client, settings, gateways, list, meter, watch, new ConnectRetryFilter(settings.Resilience, time, random)));
        builder.Services.AddSingleton<IHostLifetime, DetachedLifetime>();
        var host = builder.Build();
        var connected = false;
        try
        {
            await host.StartAsync(cancellation);
            connected = true;
            return new DeviceClient(host, meter, watch, settings, time, random);
        }
        catch (SiloUnavailableException) when (list is not null)
        {
            throw new ConnectionFailedException($"no silo told its gateways ({list.LastFailure}).");
        }
        catch (Exception e) when (settings.Clustering != ClusteringKind.Gateways && e is not (OperationCanceledException or OrleansException or ConnectionFailedException))
        {
            // The server's own words may repeat the connection, and with it the password.
            throw new ConnectionFailedException($"the gateways cannot be read from {settings.Clustering} ({e.GetType().Name}); check that it runs, and the clustering connection.");
        }
        finally
        {
            if (!connected)
                host.Dispose();
        }
    }

    /// <summary>The job as it was submitted, or null when there is none of that id.</summary>
    public Task<JobSpec?> GetJobAsync(string jobId, CancellationToken cancellation) => _cluster.GetJobAsync(jobId, cancellation);

    /// <summary>Any other call that changes nothing when it is made twice, with the devices' retries.</summary>
    public Task<T> CallAsync<T>(Func<IGrainFactory, Task<T>> call, CancellationToken cancellation) => _cluster.CallAsync(call, cancellation);

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _news.DisposeAsync();
        await _host.StopAsync();
        _host.Dispose();
    }

    private static void Configure(IClientBuilder client, DeviceClientSettings settings, IPEndPoint[] gateways, HttpGatewayList? list, WireMeter meter, ConnectionWatch watch, ConnectRetryFilter filter)
    {
        UseGateways(client, settings, gateways, list);
        client.UseConnectionRetryFilter(filter);
        client.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = settings.ClusterId;
            options.ServiceId = settings.ServiceId;
        });
        client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = settings.Resilience.ResponseTimeout);
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = settings.Resilience.GatewayListRefreshPeriod);
        client.Configure<ConnectionOptions>(options => options.ConnectionRetryDelay = settings.Resilience.RedialDelay);
        client.Configure<ClientConnectionOptions>(options => options.ConfigureConnection(connection =>
        {
            connection.UseMiddleware(meter);
            connection.UseMiddleware(watch);
        }));
    }

    private static void UseGateways(IClientBuilder client, DeviceClientSettings settings, IPEndPoint[] gateways, HttpGatewayList? list)
    {
        if (settings.Clustering == ClusteringKind.Redis)
            client.UseRedisClustering(settings.ClusteringConnection!);
        else if (settings.Clustering == ClusteringKind.PostgreSql)
            client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", settings.ClusteringConnection));
        else if (list is not null)
            client.Services.AddSingleton<IGatewayListProvider>(_ => list);
        else
            client.UseStaticClustering(gateways);
    }
}
