using System.Net;
using FwdLLM.Grains;
using FwdLLM.Silo.Storage;

namespace FwdLLM.Silo;

/// <summary>Where state and membership are kept, as the settings say. Nothing above knows the difference.</summary>
internal static class Backends
{
    private const string NpgsqlInvariant = "Npgsql";

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
                AddPostgres(silo, new PostgresServer(settings.MembershipConnection!, nameof(settings.ClusteringConnection)));
                break;
            default:
                silo.UseDevelopmentClustering(new IPEndPoint(IPAddress.Parse(settings.Address), settings.PrimarySiloPort == 0 ? settings.SiloPort : settings.PrimarySiloPort));
                // These need not outlive the process: the grains' start-up task brings unfinished jobs back.
                silo.UseInMemoryReminderService();
                break;
        }
    }

    private static void AddRedis(ISiloBuilder silo, RedisServer server)
    {
        BeforeMembership(silo, async cancellation => await (await server.ConnectAsync(cancellation)).DisposeAsync());
        silo.UseRedisClustering(options => options.ConfigurationOptions = server.Options.Clone());
        silo.UseRedisReminderService(options => options.ConfigurationOptions = server.Options.Clone());
    }

    private static void AddPostgres(ISiloBuilder silo, PostgresServer server)
    {
        silo.Services.AddSingleton(server);
        BeforeMembership(silo, cancellation => PostgresSchema.PrepareAsync(server, cancellation));
        silo.UseAdoNetClustering(options => (options.Invariant, options.DataSource) = (NpgsqlInvariant, server.Source));
        silo.UseAdoNetReminderService(options => (options.Invariant, options.DataSource) = (NpgsqlInvariant, server.Source));
    }

    // The providers' own errors for a server that is not there name neither the setting nor a remedy.
    private static void BeforeMembership(ISiloBuilder silo, Func<CancellationToken, Task> prepare) =>
        silo.ConfigureServices(services => services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(new Preparation(prepare)));

    private sealed class Preparation(Func<CancellationToken, Task> prepare) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe("FwdLLM cluster server", ServiceLifecycleStage.First, prepare);
    }
}
