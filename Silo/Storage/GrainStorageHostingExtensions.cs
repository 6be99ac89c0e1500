using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Silo.Storage;

/// <summary>Adds grain storages to a silo.</summary>
public static class GrainStorageHostingExtensions
{
    /// <summary>Grain storage <paramref name="name"/> in the file <paramref name="path"/>, created where there is none.</summary>
    public static ISiloBuilder AddSqliteGrainStorage(this ISiloBuilder silo, string name, string path) =>
        silo.AddDurableGrainStorage(name, _ => new SqliteRecordStore(path));

    /// <summary>Grain storage <paramref name="name"/> in a store.</summary>
    public static ISiloBuilder AddDurableGrainStorage(this ISiloBuilder silo, string name, Func<IServiceProvider, IRecordStore> store)
    {
        silo.Services.AddGrainStorage(name, (services, key) =>
            new DurableGrainStorage(key, store(services), new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>())));
        return silo;
    }
}
