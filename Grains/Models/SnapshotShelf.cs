using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Snapshots of the last few versions, in memory: after a restart only the current one can be made again.</summary>
internal sealed class SnapshotShelf(string jobId, int capacity)
{
    /// <summary>Most bytes of one chunk: 128 KiB keeps small calls on the same connection fast.</summary>
    public const int ChunkBytes = 128 * 1024;

    private readonly SortedList<long, byte[]> _held = [];

    public void Add(long version, byte[] snapshot)
    {
        _held[version] = snapshot;
        while (_held.Count > capacity) _held.RemoveAt(0);
    }

    /// <exception cref="VersionNotHeldException">The version is not on the shelf.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is outside the snapshot.</exception>
    public SnapshotChunk Read(long version, int offset)
    {
        if (!_held.TryGetValue(version, out var snapshot))
            throw new VersionNotHeldException(jobId, version, _held.Keys.FirstOrDefault(), _held.Keys.LastOrDefault());
        if (offset < 0 || offset > snapshot.Length)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The snapshot of version {version} has {snapshot.Length} bytes; ask from 0 to that.");
        var end = Math.Min(snapshot.Length, offset + ChunkBytes);
        return new SnapshotChunk { Version = version, TotalBytes = snapshot.Length, Data = snapshot[offset..end] };
    }
}
