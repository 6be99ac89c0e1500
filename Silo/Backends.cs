using System.Net;
using FwdLLM.Grains;
using FwdLLM.Silo.Storage;

namespace FwdLLM.Silo;

/// <summary>Where state and membership are kept, as the settings say. Nothing above knows the difference.</summary>
internal static class Backends
{
    private const string NpgsqlInvariant = "Npgsql";

    /// <exception cref="ArgumentException">A connection cannot be read.</exception>
    public static void CheckConnections(SiloSettings settings)
    {
        Check(settings.Storage.ToString(), settings.StorageConnection, nameof(settings.StorageConnection));
        Check(settings.Clustering.ToString(), settings.MembershipConnection, nameof(settings.ClusteringConnection));

        static void Check(string kind, string? connection, string setting)
        {
            if (kind == nameof(StorageKind.Redis))
                RedisServer.Parse(connection!, setting);
            else if (kind == nameof(StorageKind.PostgreSql))
                PostgresServer.Parse(connection!, setting);
        }
    }

    public static void AddStorage(ISiloBuilder silo, SiloSettings settings)
    {
        switch (settings.Storage)
        {
            case StorageKind.Redis:
                silo.AddDurableGrainStorage(GrainsServices.Storage, services =>
                    new RedisRecordStore(settings.StorageConnection!, settings.ServiceId, services.GetRequiredService<ILogger<RedisRecordStore>>()));
                break;
            case StorageKind.PostgreSql:
                silo.AddDurableGrainStorage(GrainsServices.Storage, services =>
                    new PostgresRecordStore(settings.StorageConnection!, settings.ServiceId, services.GetRequiredService<ILogger<PostgresRecordStore>>()));
                break;
            default:
                silo.AddSqliteGrainStorage(GrainsServices.Storage, settings.DatabasePath);
                break;
        }
    }

    public static void AddClustering(ISiloBuilder silo, SiloSettings settings)
    {
        switch (settings.Clustering)
        {
            case ClusteringKind.Redis:
                AddRedis(silo, new RedisServer(settings.MembershipConnection!, nameof(settings.ClusteringConnection)));
                break;
            case ClusteringKind.PostgreSql:
                AddPostgres(silo, new PostgresServer(settings.MembershipConnection!, nameof(settings.ClusteringConnection), PostgresServer.MembershipConnections));
                break;
            default:
                silo.UseDevelopmentClustering(new IPEndPoint(IPAddress.Parse(settings.Address), settings.PrimarySiloPort == 0 ? settings.SiloPort : settings.PrimarySiloPort));
                // These need not outlive the process: JobWatch brings unfinished jobs back.
                silo.UseInMemoryReminderService();
                break;
        }
    }

    private static void AddRedis(ISiloBuilder silo, RedisServer server)
    {
        BeforeMembership(silo, async cancellation => await (await server.ConnectAsync(cancellation)).DisposeAsync(), () => ValueTask.CompletedTask);
        silo.UseRedisClustering(options => options.ConfigurationOptions = server.Options.Clone());
        silo.UseRedisReminderService(options => options.ConfigurationOptions = server.Options.Clone());
    }

    private static void AddPostgres(ISiloBuilder silo, PostgresServer server)
    {
        BeforeMembership(silo, cancellation => PostgresSchema.PrepareAsync(server, cancellation), server.DisposeAsync);
        silo.UseAdoNetClustering(options => (options.Invariant, options.DataSource) = (NpgsqlInvariant, server.Source));
        silo.UseAdoNetReminderService(options => (options.Invariant, options.DataSource) = (NpgsqlInvariant, server.Source));
    }

    // The providers' own errors for a server that is not there name neither the setting nor a remedy.
    private static void BeforeMembership(ISiloBuilder silo, Func<CancellationToken, Task> prepare, Func<ValueTask> release) =>
        silo.ConfigureServices(services => services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(new Server(prepare, release)));

    private sealed class Server(Func<CancellationToken, Task> prepare, Func<ValueTask> release) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe("FwdLLM cluster server", ServiceLifecycleStage.First, prepare, _ => release().AsTask());
    }
}
