namespace FwdLLM.Silo.Storage;

/// <summary>What became of a write.</summary>
/// <param name="Written">False when the stored ETag was not the caller's.</param>
/// <param name="ETag">The stored ETag now; null when there is no record.</param>
public readonly record struct WriteOutcome(bool Written, long? ETag);
