namespace FwdLLM.Silo.Storage;

/// <summary>One row.</summary>
/// <param name="ETag">Grows by one with every write.</param>
/// <param name="Sha256">SHA-256 of the payload.</param>
/// <param name="Payload">The serialised state.</param>
internal sealed record StoredRecord(long ETag, byte[] Sha256, byte[] Payload);
