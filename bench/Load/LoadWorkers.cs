using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Bench.Load;

/// <summary>Devices without a model: every order is answered at once with scalars that follow from it alone. What is measured is the cluster.</summary>
internal sealed class LoadWorkers : IWorkerFactory
{
    public int Examples(int deviceNumber) => 100;

    public Task PrepareAsync(JobSpec job, CancellationToken cancellation) => Task.CompletedTask;

    public IDeviceWorker Create(JobSpec job, int deviceNumber) => Worker.Instance;

    private sealed class Worker : IDeviceWorker
    {
        public static readonly Worker Instance = new();

        public Task<WorkResult> ExecuteAsync(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation) => Task.FromResult(new WorkResult
        {
            Examples = order.BatchSize,
            ForwardExamples = 0, // A speed of no time at all would only teach the scheduler noise.
            LossSum = order.BatchSize * 0.5,
            Scalars = [.. Enumerable.Range(0, order.ProbeCount).Select(probe => Scalar(order, probe))],
        });

        // Fibonacci hashing: well spread over (−½, ½).
        private static float Scalar(WorkOrder order, int probe) =>
            (unchecked(((order.Round * 31) + order.Slot + (uint)probe + 1) * 2654435769u) / (float)uint.MaxValue) - 0.5f;
    }
}
