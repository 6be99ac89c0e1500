namespace FwdLLM.Silo.Storage;

/// <summary>A write on its way.</summary>
/// <param name="Key">Which record.</param>
/// <param name="ETag">ETag the caller read; null when it found nothing.</param>
/// <param name="Bytes">The new record; null to delete.</param>
internal sealed record PendingWrite(RecordKey Key, long? ETag, byte[]? Bytes)
{
    /// <summary>Set after the commit. Continuations run elsewhere, not on the writer's thread.</summary>
    public TaskCompletionSource<WriteOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
