using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent;

/// <summary>One device's computation over its own examples. One call at a time per worker.</summary>
public interface IDeviceWorker
{
    /// <summary>Carries out an order on a model version. Looks at <paramref name="cancellation"/> between micro-batches, so a stop takes less than a second.</summary>
    Task<WorkResult> ExecuteAsync(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation);
}
