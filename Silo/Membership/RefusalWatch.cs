using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace FwdLLM.Silo.Membership;

/// <summary>
/// Takes a silo for dead as soon as its own machine says so: when a connection between silos ends and the port at which the other was an active
/// member refuses connections, its process is gone, and the cluster need not miss probes to know. Whatever else ends a connection (a hang, a
/// machine or a network that is gone) is left to the probes (docs/decisions/0020-a-refused-connection-is-a-death.md). Thread-safe.
/// </summary>
internal sealed partial class RefusalWatch(IClusterMembershipService membership, ISiloStatusOracle silos, SiloSettings settings, TimeProvider time, ILogger<RefusalWatch> log)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<SiloAddress, bool> _asking = [];

    /// <summary>Registers the watch, and has it told of every connection between silos that ends. Does nothing when <see cref="SiloTimings.RefusedFor"/> is zero.</summary>
    public static void Add(ISiloBuilder silo, SiloSettings settings)
    {
        if (settings.Timings.RefusedFor == TimeSpan.Zero) return;
        silo.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<RefusalWatch>(services, TimeProvider.System));
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<RefusalWatch>());
        silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloInboundConnection(Tell);
            connections.ConfigureSiloOutboundConnection(Tell);
        });

        static void Tell(IConnectionBuilder builder) => builder.Use(next => async connection =>
        {
            var watch = builder.ApplicationServices.GetRequiredService<RefusalWatch>();
            try
            {
                await next(connection);
            }
            finally
            {
                watch.ConnectionEnded(connection.RemoteEndPoint);
            }
        });
    }

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(RefusalWatch), ServiceLifecycleStage.Active, _ => Task.CompletedTask, _ => _stopping.CancelAsync());

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    /// <summary>Asks the machine at the other end for each active silo that it holds. Which of them the connection was with cannot be seen: its port there may be any.</summary>
    private void ConnectionEnded(EndPoint? remote)
    {
        if (remote is not IPEndPoint { Address: var address } || silos.CurrentStatus != SiloStatus.Active || _stopping.IsCancellationRequested) return;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var silo in silos.GetActiveSilos())
            if (!silo.Equals(silos.SiloAddress) && silo.Endpoint.Address.Equals(address) && _asking.TryAdd(silo, true))
                _ = Task.Run(() => AskAsync(silo));
    }

    private async Task AskAsync(SiloAddress silo)
    {
        try
        {
            // A silo that stops in order has said so before it closes its port; one that was started again listens, and puts the one before it out itself.
            if (await RefusedPort.StaysAsync(silo.Endpoint, settings.Timings.RefusedFor, time, _stopping.Token)
                && silos.GetApproximateSiloStatus(silo) == SiloStatus.Active && await membership.TryKill(silo))
                LogGone(log, silo.Endpoint);
        }
        catch (Exception e)
        {
            if (!_stopping.IsCancellationRequested) LogLeft(log, silo.Endpoint, e);
        }
        finally
        {
            _asking.TryRemove(silo, out _);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Silo} is gone: its port refuses connections. It is out of the cluster.")]
    private static partial void LogGone(ILogger log, IPEndPoint silo);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Silo} may be gone and could not be put out; the probes will.")]
    private static partial void LogLeft(ILogger log, IPEndPoint silo, Exception e);
}
