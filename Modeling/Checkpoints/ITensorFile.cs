namespace FwdLLM.Modeling.Checkpoints;

/// <summary>The stored tensors of one checkpoint, in one safetensors file or in several shards.</summary>
public interface ITensorFile : ITensorSource, IDisposable
{
    /// <summary>The file that lists the tensors, for messages.</summary>
    string Path { get; }

    /// <summary>Every tensor by its stored name. Offsets count from the start of the tensor's own shard.</summary>
    IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>A tensor's description.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    TensorInfo this[string name] { get; }

    /// <summary>All elements of an I8 tensor.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or its type is not I8.</exception>
    sbyte[] ReadInt8(string name);

    /// <summary>A copy of a tensor's bytes as stored, little-endian.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it has more than 2³¹ bytes.</exception>
    byte[] ReadBytes(string name);

    /// <summary>Copies a tensor's bytes from <paramref name="start"/> on, without mapping more than is asked for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the tensor.</exception>
    void CopyBytes(TensorInfo tensor, long start, Span<byte> target);
}
