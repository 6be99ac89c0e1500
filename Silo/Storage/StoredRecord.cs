namespace FwdLLM.Silo.Storage;

/// <summary>One record as it is stored.</summary>
/// <param name="ETag">Grows by one with every write.</param>
/// <param name="Bytes">The sealed state: see <see cref="RecordEnvelope"/>.</param>
public sealed record StoredRecord(long ETag, byte[] Bytes);
