using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Silo.Storage;

/// <summary>Where sealed records lie. It moves bytes and compares ETags; what the bytes mean is <see cref="DurableGrainStorage"/>'s.</summary>
public interface IRecordStore : IAsyncDisposable
{
    /// <summary>File or server, for messages; never a password.</summary>
    string Place { get; }

    /// <summary>Opens it, makes what is missing, and checks that it can be used.</summary>
    /// <exception cref="GrainStorageException">It cannot; the message says why and what to do.</exception>
    Task OpenAsync(CancellationToken cancellation);

    /// <summary>The record, or null.</summary>
    /// <exception cref="GrainStorageException">The record is there, but not as this build writes it.</exception>
    /// <exception cref="StorageUnavailableException">No answer; the same call may succeed later.</exception>
    Task<StoredRecord?> ReadAsync(RecordKey key);

    /// <summary>Writes or deletes where the stored ETag is still <paramref name="etag"/>. Done durably when it returns.</summary>
    /// <param name="key">Which record.</param>
    /// <param name="etag">ETag the caller read; null when it found nothing. The new one is greater by one.</param>
    /// <param name="bytes">New record; null to delete.</param>
    /// <exception cref="StorageUnavailableException">No answer: the write may or may not have happened, which the next read tells.</exception>
    Task<WriteOutcome> WriteAsync(RecordKey key, long? etag, byte[]? bytes);
}
