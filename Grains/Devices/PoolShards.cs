using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Which shard of a job's pool a device is in.</summary>
public static class PoolShards
{
    /// <summary>Shards of every job: enough that 100,000 devices do not meet in one activation. Part of stored keys, so it never changes.</summary>
    public const int Count = 16;

    /// <summary>Keys of all shards of a job.</summary>
    public static IEnumerable<string> Keys(string jobId) => Enumerable.Range(0, Count).Select(shard => $"{jobId}/{shard}");

    /// <summary>Key of the shard of a device.</summary>
    public static string Key(string jobId, string deviceId) => $"{jobId}/{Fnv1a.Of(deviceId) % Count}";
}
