using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>A job's devices, over all shards of its pool.</summary>
internal sealed class JobDevices(string jobId, IGrainFactory grains, ClusterTimings timings, TimeProvider clock)
{
    private IReadOnlyList<PoolEntry> _recent = [];
    private long _read;

    /// <summary>All, now, in ordinal order of their ids.</summary>
    public async Task<IReadOnlyList<PoolEntry>> List()
    {
        var shards = await Task.WhenAll(PoolShards.Keys(jobId).Select(key => grains.GetGrain<IDevicePoolGrain>(key).List()));
        (_recent, _read) = ([.. shards.SelectMany(s => s).OrderBy(d => d.DeviceId, StringComparer.Ordinal)], clock.GetTimestamp());
        return _recent;
    }

    /// <summary>All, at most <see cref="ClusterTimings.PoolListAge"/> ago.</summary>
    public async Task<IReadOnlyList<PoolEntry>> Recent() =>
        _recent.Count > 0 && clock.GetElapsedTime(_read) < timings.PoolListAge ? _recent : await List();

    /// <summary>Tells all that the job has ended.</summary>
    public async Task Release(uint lastRound) =>
        await BackgroundCalls.ForEach(
            await List(), timings.Parallelism, device => grains.GetGrain<IDeviceGrain>(device.DeviceId).Release(jobId, lastRound, jobEnded: true));
}
