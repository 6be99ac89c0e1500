using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Jobs;

/// <summary>What an operator asks of a cluster.</summary>
public interface IJobCluster : IAsyncDisposable
{
    /// <summary>Submits a job, or continues the same one.</summary>
    Task<JobStatus> SubmitAsync(JobSpec spec, CancellationToken cancellation);

    /// <summary>The job's status; waits for a revision newer than the known one, but not for ever.</summary>
    Task<JobStatus> StatusAsync(string id, long knownRevision, CancellationToken cancellation);

    /// <summary>The job as it was submitted and its newest version, or null when there is no such job or no version yet.</summary>
    Task<(JobSpec Job, ModelSnapshot Snapshot)?> ExportAsync(string id, CancellationToken cancellation);

    /// <summary>The job's journal as it stands now, or null when there is no such job or no version yet. Readable while the connection lives.</summary>
    Task<IJournalSource?> JournalAsync(string id, CancellationToken cancellation);

    /// <summary>Pauses after the open round.</summary>
    Task PauseAsync(string id, CancellationToken cancellation);
}
