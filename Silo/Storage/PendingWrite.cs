namespace FwdLLM.Silo.Storage;

/// <summary>A write on its way.</summary>
/// <param name="Grain">Grain id.</param>
/// <param name="Name">State name.</param>
/// <param name="ETag">ETag the caller read; null when it found nothing.</param>
/// <param name="Record">The new row; null to delete.</param>
internal sealed record PendingWrite(string Grain, string Name, long? ETag, StoredRecord? Record)
{
    /// <summary>Set after the commit. Continuations run elsewhere, not on the writer's thread.</summary>
    public TaskCompletionSource<WriteOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
