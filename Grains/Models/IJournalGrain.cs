using FwdLLM.Grains.Interfaces;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>One entry of a job's journal: written once, never changed. Key: "job/round".</summary>
[GrainInterfaceType("fl.journal"), Alias("fl.journal")]
public interface IJournalGrain : IGrainWithStringKey
{
    /// <summary>Stores the entry (bytes of <see cref="JournalEntry"/>), or gives the one that is already there.</summary>
    [Alias("WriteEntry")]
    Task<byte[]> WriteEntry(byte[] entry);

    /// <summary>The entry, or null.</summary>
    [Alias("ReadEntry"), ReadOnly]
    Task<byte[]?> ReadEntry();

    /// <summary>Removes the entry and its parts; they are behind a checkpoint.</summary>
    [Alias("Remove"), ResponseTimeout("00:02:00")]
    Task Remove();

    /// <summary>What silos of the build before this one call in place of <see cref="WriteEntry"/>.</summary>
    [Alias("Write")]
    Task<RoundRecord> Write(RoundRecord record);

    /// <summary>What silos of the build before this one call in place of <see cref="ReadEntry"/>.</summary>
    [Alias("Read"), ReadOnly]
    Task<RoundRecord?> Read();
}
