using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>The model grain as the reducers see it. Key: job id.</summary>
[GrainInterfaceType("fl.modelstate"), Alias("fl.modelstate")]
public interface IModelStateGrain : IGrainWithStringKey
{
    /// <summary>The whole state of the current version.</summary>
    /// <exception cref="Interfaces.VersionNotHeldException">Another version is current.</exception>
    [Alias("GetState"), ReadOnly]
    Task<Immutable<byte[]>> GetState(long version);
}
