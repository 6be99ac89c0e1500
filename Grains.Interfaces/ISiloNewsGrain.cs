using Orleans.Concurrency;

namespace FwdLLM.Grains.Interfaces;

/// <summary>Tells clients when silos come and go. Every silo has one of its own, so a client is told by its gateway. Key: 0.</summary>
[GrainInterfaceType("fl.silonews"), Alias("fl.silonews")]
public interface ISiloNewsGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Waits until silos come or go, and while that settles again; true when it was that, false when the time is over: a minute at most.
    /// What a client has on its way through living silos to one that is gone is never answered, and nothing else tells it.
    /// </summary>
    [Alias("Next"), ResponseTimeout("00:01:15"), AlwaysInterleave]
    Task<bool> Next(TimeSpan wait);
}
