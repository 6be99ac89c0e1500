using FwdLLM.Cli.Settings;

namespace FwdLLM.Cli.Running;

/// <summary>Stands where a build has no executor: refuses every run.</summary>
internal sealed class MissingExecutor : IRunExecutor
{
    public Task<RunSummary> ExecuteAsync(RunSettings settings, IRunObserver observer, CancellationToken cancellation) =>
        throw new RunException("this build cannot run jobs in its own process; submit them to a cluster with fwdllm job submit.");
}
