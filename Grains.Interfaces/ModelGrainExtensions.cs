namespace FwdLLM.Grains.Interfaces;

/// <summary>Calls on <see cref="IModelGrain"/> that take several messages.</summary>
public static class ModelGrainExtensions
{
    /// <summary>The whole snapshot of a version, put together from its chunks.</summary>
    /// <exception cref="InvalidDataException">The pieces do not fit together.</exception>
    public static async Task<byte[]> ReadSnapshotAsync(this IModelGrain model, long version)
    {
        var chunk = await model.GetSnapshot(version, 0);
        var snapshot = new byte[chunk.TotalBytes];
        for (var offset = 0; ; chunk = await model.GetSnapshot(version, offset))
        {
            if (chunk.Data.Length == 0 || chunk.Data.Length > snapshot.Length - offset)
                throw new InvalidDataException($"version {version} has {snapshot.Length} bytes, but the piece at {offset} has {chunk.Data.Length}.");
            chunk.Data.CopyTo(snapshot.AsSpan(offset));
            offset += chunk.Data.Length;
            if (offset == snapshot.Length)
                return snapshot;
        }
    }
}
