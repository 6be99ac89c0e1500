namespace FwdLLM.Tests.Cluster;

/// <summary>The same job over fifty devices.</summary>
public sealed class FiftyDevices : TinyJob
{
    public override int Devices => 50;
}
