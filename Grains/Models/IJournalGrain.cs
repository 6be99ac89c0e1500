using FwdLLM.Grains.Interfaces;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>One entry of a job's journal: written once, never changed. Key: "job/round".</summary>
[GrainInterfaceType("fl.journal"), Alias("fl.journal")]
public interface IJournalGrain : IGrainWithStringKey
{
    /// <summary>Stores the record, or gives the one that is already there.</summary>
    [Alias("Write")]
    Task<RoundRecord> Write(RoundRecord record);

    /// <summary>The record, or null.</summary>
    [Alias("Read"), ReadOnly]
    Task<RoundRecord?> Read();
}
