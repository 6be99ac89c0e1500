using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Load;

/// <summary>A call of a contribution's size without anything behind it: what Orleans alone can carry.</summary>
[GrainInterfaceType("bench.echo"), Alias("bench.echo")]
internal interface IEchoGrain : IGrainWithStringKey
{
    /// <summary>Takes a contribution and forgets it.</summary>
    [Alias("c")]
    Task<Receipt> Contribute(Contribution contribution);
}
