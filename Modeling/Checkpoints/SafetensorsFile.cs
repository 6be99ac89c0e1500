using System.Runtime.InteropServices;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>
/// A safetensors file, memory-mapped. Opening reads the header only and checks that the tensors tile the data section exactly.
/// Safe to read from several threads; not after <see cref="Dispose"/>.
/// Format: https://github.com/huggingface/safetensors.
/// </summary>
public sealed class SafetensorsFile : ITensorFile
{
    private readonly MappedFile _file;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(MappedFile file)
    {
        _file = file;
        var bytes = file.Parse(0, SafetensorsHeader.PrefixBytes, prefix => SafetensorsHeader.ReadLength(file.Path, prefix, file.Length));
        _header = file.Parse(SafetensorsHeader.PrefixBytes, bytes, json => SafetensorsHeader.Parse(file.Path, json, file.Length));
    }

    /// <summary>Path the file was opened by.</summary>
    public string Path => _file.Path;

    /// <summary>Every tensor by its stored name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _header.Tensors;

    /// <summary>The file's own text metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">The file is missing, or its header contradicts itself or the file's length.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile? file = null;
        try
        {
            file = MappedFile.Open(path, SafetensorsHeader.PrefixBytes, "safetensors");
            var opened = new SafetensorsFile(file);
            file = null;
            return opened;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <inheritdoc/>
    public TensorInfo this[string name] => Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new CheckpointException($"{Path} has no tensor '{name}'; it has {Tensors.Count} others. Use a checkpoint of the expected architecture.");

    /// <inheritdoc/>
    public bool Contains(string name) => Tensors.ContainsKey(name);

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape(string name) => this[name].Shape;

    /// <summary>All elements of a float tensor, row-major: F16 and BF16 widened exactly, F64 rounded to nearest.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, its type is not a float type, or it has more than 2³¹ elements.</exception>
    public float[] ReadFloat32(string name)
    {
        var tensor = this[name];
        if (!tensor.Type.IsFloat())
            throw new CheckpointException($"{Path}: tensor '{name}' is {tensor.Type}, not a float type; read its bytes instead.");
        var values = new float[CheckedCount(tensor)];
        const int chunk = 1 << 20;
        // 64 bits: the last step may go past the largest int.
        for (long done = 0; done < values.Length; done += chunk)
        {
            var part = values.AsSpan((int)done, (int)Math.Min(chunk, values.Length - done));
            var size = tensor.Type.Size();
            _file.Read(tensor.Offset + done * size, part.Length * size, part, (bytes, floats) => TensorDecoder.Decode(tensor.Type, bytes, floats));
        }

        return values;
    }

    /// <inheritdoc/>
    public sbyte[] ReadInt8(string name)
    {
        var tensor = this[name];
        if (tensor.Type != TensorType.I8)
            throw new CheckpointException($"{Path}: tensor '{name}' is {tensor.Type} where I8 is expected.");
        var values = new sbyte[CheckedCount(tensor)];
        _file.Read(tensor.Offset, values.Length, values.AsSpan(), (bytes, target) => MemoryMarshal.Cast<byte, sbyte>(bytes).CopyTo(target));
        return values;
    }

    /// <inheritdoc/>
    public byte[] ReadBytes(string name)
    {
        var tensor = this[name];
        if (tensor.Length > Array.MaxLength)
            throw TooLarge(tensor);
        var bytes = new byte[tensor.Length];
        CopyBytes(tensor, 0, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public void CopyBytes(TensorInfo tensor, long start, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + target.Length, tensor.Length);
        _file.Read(tensor.Offset + start, target.Length, target, (bytes, span) => bytes.CopyTo(span));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private long CheckedCount(TensorInfo tensor) => tensor.Count <= Array.MaxLength ? tensor.Count : throw TooLarge(tensor);

    private CheckpointException TooLarge(TensorInfo tensor) =>
        new($"{Path}: tensor '{tensor.Name}' {tensor.ShapeText} has {tensor.Count} elements, more than one array holds; split it.");
}
