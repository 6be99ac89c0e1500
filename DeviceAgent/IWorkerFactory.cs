using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent;

/// <summary>Makes the workers of a process's devices. Thread-safe.</summary>
public interface IWorkerFactory
{
    /// <summary>Examples device <paramref name="deviceNumber"/> holds; known before a job is.</summary>
    int Examples(int deviceNumber);

    /// <summary>Whether device <paramref name="deviceNumber"/> computes exact gradients.</summary>
    bool IsExact(int deviceNumber) => false;

    /// <summary>Gets ready for a job, once per process and before the first <see cref="Create"/>: downloads and loads the model.</summary>
    Task PrepareAsync(JobSpec job, CancellationToken cancellation);

    /// <summary>The worker of one device.</summary>
    IDeviceWorker Create(JobSpec job, int deviceNumber);
}
