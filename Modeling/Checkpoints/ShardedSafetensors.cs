using System.Text.Json;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>
/// A checkpoint in several safetensors files: the index's <c>weight_map</c> says which shard holds which tensor. Each shard is
/// opened once; tensors of a shard that the index does not list do not exist. Safe to read from several threads.
/// </summary>
public sealed class ShardedSafetensors : ITensorFile
{
    private readonly Dictionary<string, SafetensorsFile> _shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsFile> _shardOfTensor = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);

    private ShardedSafetensors(string indexPath) => Path = indexPath;

    /// <summary>Path of the index.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>Opens an index and every shard that it names; shards lie in the index's own folder.</summary>
    /// <exception cref="CheckpointException">
    /// The index is no JSON of the expected form, names a file that is missing or elsewhere, or a tensor that its shard lacks; or a shard is damaged.
    /// </exception>
    public static ShardedSafetensors Open(string indexPath)
    {
        ShardedSafetensors? opening = null;
        try
        {
            opening = new ShardedSafetensors(indexPath);
            opening.ReadIndex();
            var opened = opening;
            opening = null;
            return opened;
        }
        // What the parser says of a name with half a surrogate pair.
        catch (InvalidOperationException error)
        {
            throw new CheckpointException($"{indexPath} has a name that is not text: {error.Message} Download or export the file again.", error);
        }
        finally
        {
            opening?.Dispose();
        }
    }

    /// <inheritdoc/>
    public TensorInfo this[string name] => Shard(name)[name];

    /// <inheritdoc/>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape(string name) => this[name].Shape;

    /// <inheritdoc/>
    public float[] ReadFloat32(string name) => Shard(name).ReadFloat32(name);

    /// <inheritdoc/>
    public sbyte[] ReadInt8(string name) => Shard(name).ReadInt8(name);

    /// <inheritdoc/>
    public byte[] ReadBytes(string name) => Shard(name).ReadBytes(name);

    /// <inheritdoc/>
    public void CopyBytes(TensorInfo tensor, long start, Span<byte> target) => Shard(tensor.Name).CopyBytes(tensor, start, target);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in _shards.Values)
            shard.Dispose();
    }

    private SafetensorsFile Shard(string name) => _shardOfTensor.TryGetValue(name, out var shard)
        ? shard
        : throw new CheckpointException($"{Path} lists no tensor '{name}'; it lists {_tensors.Count} others. Use a checkpoint of the expected architecture.");

    private void ReadIndex()
    {
        using var index = JsonFile.Read(Path);
        if (!JsonFile.TryGet(index.RootElement, "weight_map", out var map) || map.ValueKind != JsonValueKind.Object || !map.EnumerateObject().Any())
            throw new CheckpointException($"{Path} has no weight_map from tensor names to files; download or export the file again.");
        foreach (var entry in map.EnumerateObject())
        {
            var file = entry.Value.ValueKind == JsonValueKind.String
                ? entry.Value.GetString()!
                : throw new CheckpointException($"{Path} maps tensor '{entry.Name}' to {entry.Value.ValueKind} where a file name is expected; download or export the file again.");
            var shard = OpenShard(file, entry.Name);
            if (!shard.Tensors.TryGetValue(entry.Name, out var tensor))
                throw new CheckpointException($"{Path} places tensor '{entry.Name}' in {file}, which does not have it; download index and shards again, from one revision.");
            _tensors.Add(entry.Name, tensor);
            _shardOfTensor.Add(entry.Name, shard);
        }
    }

    private SafetensorsFile OpenShard(string file, string tensor)
    {
        if (_shards.TryGetValue(file, out var shard))
            return shard;
        // The separators of every platform, so that a checkpoint is good or bad wherever it is opened.
        if (file.AsSpan().IndexOfAny("/\\:\0") >= 0 || !file.EndsWith(".safetensors", StringComparison.Ordinal))
            throw new CheckpointException($"{Path} places tensor '{tensor}' in '{file}', which is not the name of a .safetensors file in the same folder; use an index whose shards lie beside it.");
        shard = SafetensorsFile.Open(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", file));
        _shards.Add(file, shard);
        return shard;
    }
}
