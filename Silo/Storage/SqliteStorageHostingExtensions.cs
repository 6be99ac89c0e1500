using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Silo.Storage;

/// <summary>Adds the SQLite storage to a silo.</summary>
public static class SqliteStorageHostingExtensions
{
    /// <summary>Grain storage <paramref name="name"/> in the file <paramref name="path"/>, created where there is none.</summary>
    public static ISiloBuilder AddSqliteGrainStorage(this ISiloBuilder silo, string name, string path)
    {
        silo.Services.AddGrainStorage(name, (services, key) =>
            new SqliteGrainStorage(key, path, new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>())));
        return silo;
    }
}
