namespace FwdLLM.Tests.Cluster;

/// <summary>The same job, half of whose devices compute exact gradients.</summary>
public sealed class MixedFleet : TinyJob
{
    public override int ExactDevices => 3;
}
