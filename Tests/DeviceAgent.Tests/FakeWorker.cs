using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests;

/// <summary>Remembers its orders and answers each with two scalars, after a gate if one is set.</summary>
internal sealed class FakeWorker : IDeviceWorker
{
    public List<(WorkOrder Order, ModelSnapshot Snapshot)> Orders { get; } = [];

    public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Gate { get; set; } = Task.CompletedTask;

    public async Task<WorkResult> ExecuteAsync(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        Orders.Add((order, snapshot));
        Started.TrySetResult();
        await Gate.WaitAsync(cancellation);
        return new WorkResult { Examples = 4, ForwardExamples = 12, LossSum = 2.5, Correct = 3, Scalars = [1.5f, -2f] };
    }
}
