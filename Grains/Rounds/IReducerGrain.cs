using FwdLLM.Grains.Interfaces;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>The sums, outside every other grain's turn. Stateless worker: key 0, always on the caller's silo.</summary>
[GrainInterfaceType("fl.reducer"), Alias("fl.reducer")]
public interface IReducerGrain : IGrainWithIntegerKey
{
    /// <summary>Sums of some contributions.</summary>
    [Alias("Reduce"), ResponseTimeout("00:02:00")]
    Task<Immutable<byte[]>> Reduce(JobSpec spec, RoundOrder order, Immutable<IReadOnlyList<RecordedContribution>> works);

    /// <summary>The gate's reading of the merged sums.</summary>
    [Alias("Gate"), ResponseTimeout("00:02:00")]
    Task<GateReading> Gate(JobSpec spec, RoundOrder order, Immutable<IReadOnlyList<byte[]>> sums);
}
