using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Model snapshots shared by all devices of a process: each version is fetched once, however many devices ask for it at the same time.
/// Thread-safe.
/// </summary>
public sealed class SnapshotCache(IDeviceCluster cluster) : IDisposable
{
    /// <summary>Largest snapshot a device accepts.</summary>
    public const int MaxBytes = 256 << 20;

    /// <summary>Versions kept: the current one, and the one that slower devices are still working on.</summary>
    private const int Kept = 2;

    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly CancellationTokenSource _closing = new();
    private long _downloads;

    /// <summary>Snapshots fetched so far.</summary>
    public long Downloads => Interlocked.Read(ref _downloads);

    /// <summary>The snapshot of one version. A caller that cancels leaves; the download goes on for the others.</summary>
    /// <exception cref="InvalidDataException">The cluster sent pieces that do not fit together, or a damaged snapshot.</exception>
    public Task<ModelSnapshot> GetAsync(string jobId, long version, CancellationToken cancellation)
    {
        var closing = _closing.Token;
        Task<ModelSnapshot> snapshot;
        lock (_lock)
        {
            // A failed download is no answer for those who ask later.
            _entries.RemoveAll(entry => entry.Snapshot.IsFaulted || entry.Snapshot.IsCanceled);
            var known = _entries.Find(entry => entry.JobId == jobId && entry.Version == version);
            if (known is null)
            {
                known = new Entry(jobId, version, Task.Run(() => DownloadAsync(jobId, version, closing), CancellationToken.None));
                _entries.Add(known);
                if (_entries.Count > Kept)
                    _entries.RemoveAt(0);
            }

            snapshot = known.Snapshot;
        }

        return snapshot.WaitAsync(cancellation);
    }

    /// <summary>Stops downloads.</summary>
    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    private async Task<ModelSnapshot> DownloadAsync(string jobId, long version, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _downloads);
        byte[]? bytes = null;
        var offset = 0;
        do
        {
            var chunk = await cluster.GetSnapshotAsync(jobId, version, offset, cancellation);
            if (chunk.TotalBytes is <= 0 or > MaxBytes)
                throw new InvalidDataException($"Version {version} of job '{jobId}' is said to have {chunk.TotalBytes} bytes; a snapshot has 1 to {MaxBytes}.");
            bytes ??= new byte[chunk.TotalBytes];
            if (chunk.Version != version || chunk.TotalBytes != bytes.Length || chunk.Data.Length == 0 || chunk.Data.Length > bytes.Length - offset)
                throw new InvalidDataException($"Version {version} of job '{jobId}': at byte {offset} of {bytes.Length} the cluster sent {chunk.Data.Length} bytes of version {chunk.Version} with {chunk.TotalBytes} in all.");
            chunk.Data.CopyTo(bytes.AsSpan(offset));
            offset += chunk.Data.Length;
        }
        while (offset < bytes.Length);
        return ModelSnapshot.FromBytes(bytes);
    }

    private sealed record Entry(string JobId, long Version, Task<ModelSnapshot> Snapshot);
}
