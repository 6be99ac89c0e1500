using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent;

/// <summary>The one place where the agent's devices get their data, model and computation.</summary>
public static class AgentComposition
{
    /// <summary>Makes the workers of this process from its arguments.</summary>
    /// <param name="arguments">Data file, split, columns, number of devices.</param>
    /// <param name="model">Folder of a job's compiled model, fetched if it is not here yet.</param>
    /// <exception cref="AgentException">The data cannot be used, or this build has no computation.</exception>
    public static IWorkerFactory Create(AgentArguments arguments, Func<JobSpec, CancellationToken, Task<string>> model) =>
        throw new AgentException($"this build of the agent cannot compute on {arguments.DataFile}: it was built without a worker.");
}
