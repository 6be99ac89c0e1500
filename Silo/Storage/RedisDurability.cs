using StackExchange.Redis;

namespace FwdLLM.Silo.Storage;

/// <summary>What a Redis server is set to forget.</summary>
internal static class RedisDurability
{
    /// <summary>One sentence for each way in which acknowledged work can be lost; none for a server that keeps it.</summary>
    /// <exception cref="GrainStorageException">The server evicts keys of its own accord: state would vanish while everything runs.</exception>
    public static async Task<IReadOnlyList<string>> CheckAsync(IDatabase database, string place)
    {
        string appendOnly, sync, eviction, memory;
        try
        {
            (appendOnly, sync) = (await GetAsync(database, "appendonly"), await GetAsync(database, "appendfsync"));
            (eviction, memory) = (await GetAsync(database, "maxmemory-policy"), await GetAsync(database, "maxmemory"));
        }
        catch (RedisServerException e)
        {
            return [$"{place} does not say how it persists ({e.Message}). Acknowledged work survives a failure of the server only with appendonly yes and appendfsync always."];
        }

        if (memory != "0" && eviction.StartsWith("allkeys", StringComparison.Ordinal))
            throw new GrainStorageException($"{place} has maxmemory-policy {eviction}: it deletes grain state when its memory is full. Set maxmemory-policy noeviction.");
        if (appendOnly != "yes")
            return [$"{place} has appendonly {appendOnly}: when it stops, everything since its last snapshot is lost, acknowledged contributions too. Set appendonly yes and appendfsync always."];
        if (sync != "always")
            return [$"{place} has appendfsync {sync}: when it or its machine dies, the last seconds of acknowledged work can be lost. Set appendfsync always."];
        return [];
    }

    private static async Task<string> GetAsync(IDatabase database, string name)
    {
        var answer = await database.ExecuteAsync("CONFIG", "GET", name);
        return answer.Length == 2 ? answer[1].ToString() : throw new RedisServerException($"no setting {name}");
    }
}
