using FwdLLM.Cli.Settings;

namespace FwdLLM.Cli.Running;

/// <summary>Carries out a run on this machine: a cluster and its devices in one process.</summary>
public interface IRunExecutor
{
    /// <summary>
    /// Runs, or continues when <see cref="RunSettings.Continue"/> is set, to the end. The folder <see cref="RunSettings.Output"/>
    /// exists and holds the settings; everything else in it is the executor's.
    /// </summary>
    /// <param name="settings">Validated settings.</param>
    /// <param name="observer">Told of progress from any thread.</param>
    /// <param name="cancellation">Stops so that the run can be continued; ends in <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RunException">The run failed; the message is for the operator.</exception>
    Task<RunSummary> ExecuteAsync(RunSettings settings, IRunObserver observer, CancellationToken cancellation);
}
