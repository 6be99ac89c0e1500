using System.Security.Cryptography;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>Snapshots of the last few versions and what leads from one to another, in memory: after a restart only the current one can be made again.</summary>
internal sealed class SnapshotShelf(string jobId, int capacity)
{
    /// <summary>Most bytes of one chunk: 128 KiB keeps small calls on the same connection fast.</summary>
    public const int ChunkBytes = 128 * 1024;

    private readonly SortedList<long, byte[]> _held = [];
    private readonly Dictionary<(long From, long To), Task<Changes>> _changes = [];

    public void Add(long version, byte[] snapshot)
    {
        _held[version] = snapshot;
        while (_held.Count > capacity) _held.RemoveAt(0);
        foreach (var pair in _changes.Keys.Where(pair => !_held.ContainsKey(pair.To) || (pair.From >= 0 && !_held.ContainsKey(pair.From))).ToList()) _changes.Remove(pair);
    }

    /// <exception cref="VersionNotHeldException">The version is not on the shelf.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is outside the snapshot.</exception>
    public SnapshotChunk Read(long version, int offset) => Cut(version, Held(version), offset);

    /// <summary>A piece of what leads from one version to another, or to it from nothing where the first is not on the shelf. Made once for all who ask.</summary>
    /// <exception cref="VersionNotHeldException">The version is not on the shelf.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is outside the changes.</exception>
    public async Task<ModelChanges> ReadChanges(long from, long version, int offset)
    {
        var snapshot = Held(version);
        if (from >= version || !_held.TryGetValue(from, out var before)) (from, before) = (-1, []);
        if (!_changes.TryGetValue((from, version), out var making))
            _changes[(from, version)] = making = Task.Run(() => new Changes(SnapshotChanges.Write(before, snapshot), SHA256.HashData(snapshot)));
        var changes = await making;
        return new ModelChanges
        {
            Version = version,
            TotalBytes = changes.Data.Length,
            Data = Cut(version, changes.Data, offset).Data,
            Sha256 = offset == 0 ? changes.Sha256 : [],
        };
    }

    /// <summary>A chunk of something that belongs to a version.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is outside it.</exception>
    public static SnapshotChunk Cut(long version, byte[] bytes, int offset)
    {
        if (offset < 0 || offset > bytes.Length)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"There are {bytes.Length} bytes for version {version}; ask from 0 to that.");
        return new SnapshotChunk { Version = version, TotalBytes = bytes.Length, Data = bytes[offset..Math.Min(bytes.Length, offset + ChunkBytes)] };
    }

    private byte[] Held(long version) => _held.TryGetValue(version, out var snapshot)
        ? snapshot
        : throw new VersionNotHeldException(jobId, version, _held.Keys.FirstOrDefault(), _held.Keys.LastOrDefault());

    private sealed record Changes(byte[] Data, byte[] Sha256);
}
