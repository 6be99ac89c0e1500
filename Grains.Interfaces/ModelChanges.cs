namespace FwdLLM.Grains.Interfaces;

/// <summary>One piece of what leads from a snapshot that a device has to another version's (see <c>FwdLLM.Learning.Training.SnapshotChanges</c>).</summary>
[GenerateSerializer, Immutable, Alias("fl.changes.v1")]
public sealed record ModelChanges
{
    /// <summary>Version they lead to.</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>Length of all pieces together in bytes.</summary>
    [Id(1)] public required int TotalBytes { get; init; }

    /// <summary>Bytes from the requested offset, at most 128 KiB; empty at the end.</summary>
    [Id(2)] public required byte[] Data { get; init; }

    /// <summary>SHA-256 of the snapshot they come to, 32 bytes; empty except in the piece at offset 0.</summary>
    [Id(3)] public byte[] Sha256 { get; init; } = [];
}
