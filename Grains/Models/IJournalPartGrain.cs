using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>Contributions of a large round, named by their content. Key: "job/round/SHA-256 in hex".</summary>
[GrainInterfaceType("fl.journalpart"), Alias("fl.journalpart")]
public interface IJournalPartGrain : IGrainWithStringKey
{
    /// <summary>Stores the bytes; does nothing when they are there.</summary>
    /// <exception cref="ArgumentException">They are not what the key names.</exception>
    [Alias("Write")]
    Task Write(byte[] part);

    /// <summary>The bytes, or null.</summary>
    [Alias("Read"), ReadOnly]
    Task<byte[]?> Read();

    /// <summary>Removes them.</summary>
    [Alias("Remove")]
    Task Remove();
}
