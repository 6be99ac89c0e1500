using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>Jobs that have not ended. Key: 0.</summary>
[GrainInterfaceType("fl.jobindex"), Alias("fl.jobindex")]
public interface IJobIndexGrain : IGrainWithIntegerKey
{
    /// <summary>Adds a job.</summary>
    [Alias("Add")]
    Task Add(string jobId);

    /// <summary>Takes a job off.</summary>
    [Alias("Remove")]
    Task Remove(string jobId);

    /// <summary>All of them, in ordinal order.</summary>
    [Alias("List"), ReadOnly]
    Task<IReadOnlyList<string>> List();
}
