using FwdLLM.Tests.Cluster;

namespace FwdLLM.Bench.Faults;

/// <summary>The small job of the tests over many devices.</summary>
internal sealed class ChaosJob(int devices) : TinyJob
{
    public override int Devices => devices;
}
