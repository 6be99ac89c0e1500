namespace FwdLLM.Grains;

/// <summary>Service as usual.</summary>
internal sealed class NoFaultPoints : IFaultPoints
{
    public void Reach(FaultPoint point, string jobId, uint round)
    {
    }
}
