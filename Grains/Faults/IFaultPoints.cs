namespace FwdLLM.Grains;

/// <summary>Is told when a grain reaches one of the <see cref="FaultPoint"/>s. Test equipment; in service it does nothing.</summary>
public interface IFaultPoints
{
    /// <summary>Called in the grain's turn; returns at once, or not at all.</summary>
    void Reach(FaultPoint point, string jobId, uint round);
}
