using System.Security.Cryptography;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Model snapshots shared by all devices of a process: each version is fetched once, however many devices ask for it at the same time,
/// as what leads to it from the version that is here, or whole where that is not possible or does not come out right.
/// Thread-safe.
/// </summary>
public sealed class SnapshotCache(IDeviceCluster cluster) : IDisposable
{
    /// <summary>Largest snapshot a device accepts.</summary>
    public const int MaxBytes = 256 << 20;

    /// <summary>Versions kept: the current one, and the one that slower devices are still working on.</summary>
    private const int Kept = 2;

    /// <summary>Versions fetched whole after a call for changes failed: during an upgrade the model may be with a silo that does not know the call.</summary>
    private const int WholeAfterFailure = 16;

    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly CancellationTokenSource _closing = new();
    private long _downloads;
    private long _whole;
    private int _skip;

    /// <summary>Snapshots fetched so far.</summary>
    public long Downloads => Interlocked.Read(ref _downloads);

    /// <summary>Those of them that were fetched whole and not as changes.</summary>
    public long WholeDownloads => Interlocked.Read(ref _whole);

    /// <summary>The snapshot of one version. A caller that cancels leaves; the download goes on for the others.</summary>
    /// <param name="jobId">Job.</param>
    /// <param name="version">Version.</param>
    /// <param name="changes">The cluster answers calls for changes.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="InvalidDataException">The cluster sent pieces that do not fit together, or a damaged snapshot.</exception>
    public Task<ModelSnapshot> GetAsync(string jobId, long version, bool changes, CancellationToken cancellation)
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
                var held = _entries.Where(entry => entry.JobId == jobId && entry.Version < version && entry.Snapshot.IsCompletedSuccessfully).MaxBy(entry => entry.Version)?.Snapshot.Result;
                known = new Entry(jobId, version, Task.Run(() => DownloadAsync(jobId, version, changes, held, closing), CancellationToken.None));
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

    private async Task<ModelSnapshot> DownloadAsync(string jobId, long version, bool changes, ModelSnapshot? held, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _downloads);
        if (changes && Interlocked.Decrement(ref _skip) < 0)
        {
            Interlocked.Exchange(ref _skip, 0);
            try
            {
                return await DownloadChangesAsync(jobId, version, held, cancellation);
            }
            catch (InvalidDataException)
            {
                // Does not come out right: the whole is fetched instead.
            }
            catch (Exception e) when (e is not (VersionNotHeldException or OperationCanceledException))
            {
                Interlocked.Exchange(ref _skip, WholeAfterFailure);
            }
        }

        Interlocked.Increment(ref _whole);
        return ModelSnapshot.FromBytes(await ReadAsync(jobId, version, async offset =>
        {
            var chunk = await cluster.GetSnapshotAsync(jobId, version, offset, cancellation);
            return new Piece(chunk.Version, chunk.TotalBytes, chunk.Data);
        }));
    }

    private async Task<ModelSnapshot> DownloadChangesAsync(string jobId, long version, ModelSnapshot? held, CancellationToken cancellation)
    {
        byte[] sha256 = [];
        var changes = await ReadAsync(jobId, version, async offset =>
        {
            var piece = await cluster.GetChangesAsync(jobId, held is null ? -1 : held.Version, version, offset, cancellation);
            if (offset == 0) sha256 = piece.Sha256;
            return new Piece(piece.Version, piece.TotalBytes, piece.Data);
        });
        var bytes = SnapshotChanges.Apply(held?.ToBytes(), changes, MaxBytes);
        if (!SHA256.HashData(bytes).AsSpan().SequenceEqual(sha256))
            throw new InvalidDataException($"Version {version} of job '{jobId}' does not have the hash the cluster gave for it.");
        var snapshot = ModelSnapshot.FromBytes(bytes);
        return snapshot.Version == version ? snapshot : throw new InvalidDataException($"The changes lead to version {snapshot.Version}, not {version}.");
    }

    private static async Task<byte[]> ReadAsync(string jobId, long version, Func<int, Task<Piece>> read)
    {
        byte[]? bytes = null;
        var offset = 0;
        do
        {
            var piece = await read(offset);
            if (piece.TotalBytes is <= 0 or > MaxBytes)
                throw new InvalidDataException($"Version {version} of job '{jobId}' is said to have {piece.TotalBytes} bytes; a snapshot has 1 to {MaxBytes}.");
            bytes ??= new byte[piece.TotalBytes];
            if (piece.Version != version || piece.TotalBytes != bytes.Length || piece.Data.Length == 0 || piece.Data.Length > bytes.Length - offset)
                throw new InvalidDataException($"Version {version} of job '{jobId}': at byte {offset} of {bytes.Length} the cluster sent {piece.Data.Length} bytes of version {piece.Version} with {piece.TotalBytes} in all.");
            piece.Data.CopyTo(bytes.AsSpan(offset));
            offset += piece.Data.Length;
        }
        while (offset < bytes.Length);
        return bytes;
    }

    private sealed record Entry(string JobId, long Version, Task<ModelSnapshot> Snapshot);

    private readonly record struct Piece(long Version, int TotalBytes, byte[] Data);
}
