using System.Collections.Concurrent;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>
/// Specs of jobs this silo has asked for. A spec never changes once its job exists, so ten thousand devices that enrol need not all ask
/// one grain. Thread-safe.
/// </summary>
public sealed class KnownJobs(IGrainFactory grains, ITrainingFactory trainings)
{
    /// <summary>Past so many the cache starts again; jobs seldom run more than a few at a time.</summary>
    private const int MostCached = 64;

    private readonly ConcurrentDictionary<string, KnownJob> _byId = new(StringComparer.Ordinal);

    /// <summary>The job, or null when there is none of that id (yet).</summary>
    public async Task<KnownJob?> Find(string jobId)
    {
        if (_byId.TryGetValue(jobId, out var known)) return known;
        if (await grains.GetGrain<IJobGrain>(jobId).GetSpec() is not { } spec) return null;
        if (_byId.Count >= MostCached) _byId.Clear();
        return _byId.GetOrAdd(jobId, static (_, found) => found, new KnownJob(spec, trainings.Create(spec)));
    }
}
