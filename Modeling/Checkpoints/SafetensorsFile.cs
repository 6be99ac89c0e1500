using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>
/// A safetensors file, memory-mapped. Opening reads the header only and checks that the tensors tile the data section exactly.
/// Safe to read from several threads; not after <see cref="Dispose"/>.
/// Format: https://github.com/huggingface/safetensors.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, SafetensorsHeader header)
    {
        Path = path;
        _map = map;
        _view = view;
        _header = header;
    }

    /// <summary>Path the file was opened by.</summary>
    public string Path { get; }

    /// <summary>Every tensor by its stored name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _header.Tensors;

    /// <summary>The file's own text metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">The file is missing, or its header contradicts itself or the file's length.</exception>
    public static SafetensorsFile Open(string path)
    {
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            long length;
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            using (stream)
            {
                length = stream.Length;
                if (length < SafetensorsHeader.PrefixBytes)
                    throw SafetensorsHeader.Damaged(path, $"has {length} bytes, too few for a safetensors file");
                map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            }

            view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            var file = new SafetensorsFile(path, map, view, ReadHeader(path, view, length));
            (map, view) = (null, null);
            return file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be read: {error.Message} Check the path and its permissions.", error);
        }
        finally
        {
            view?.Dispose();
            map?.Dispose();
        }
    }

    /// <summary>A tensor's description.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public TensorInfo this[string name] => Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new CheckpointException($"{Path} has no tensor '{name}'; it has {Tensors.Count} others. Use a checkpoint of the expected architecture.");

    /// <summary>All elements of a float tensor, row-major: F16 and BF16 widened exactly, F64 rounded to nearest.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, its type is not a float type, or it has more than 2³¹ elements.</exception>
    public float[] ReadFloat32(string name)
    {
        var tensor = this[name];
        if (!tensor.Type.IsFloat())
            throw new CheckpointException($"{Path}: tensor '{name}' is {tensor.Type}, not a float type; read its bytes instead.");
        var values = new float[CheckedCount(tensor)];
        const int chunk = 1 << 20;
        for (var done = 0; done < values.Length; done += chunk)
        {
            var part = values.AsSpan(done, Math.Min(chunk, values.Length - done));
            var size = tensor.Type.Size();
            Access(tensor.Offset + (long)done * size, part.Length * size, part, (bytes, floats) => TensorDecoder.Decode(tensor.Type, bytes, floats));
        }

        return values;
    }

    /// <summary>All elements of an I8 tensor.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or its type is not I8.</exception>
    public sbyte[] ReadInt8(string name)
    {
        var tensor = this[name];
        if (tensor.Type != TensorType.I8)
            throw new CheckpointException($"{Path}: tensor '{name}' is {tensor.Type} where I8 is expected.");
        var values = new sbyte[CheckedCount(tensor)];
        Access(tensor.Offset, values.Length, values.AsSpan(), (bytes, target) => MemoryMarshal.Cast<byte, sbyte>(bytes).CopyTo(target));
        return values;
    }

    /// <summary>A copy of a tensor's bytes as stored, little-endian.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it has more than 2³¹ bytes.</exception>
    public byte[] ReadBytes(string name)
    {
        var tensor = this[name];
        if (tensor.Length > Array.MaxLength)
            throw TooLarge(tensor);
        var bytes = new byte[tensor.Length];
        CopyBytes(tensor, 0, bytes);
        return bytes;
    }

    /// <summary>Copies a tensor's bytes from <paramref name="start"/> on, without mapping more than is asked for.</summary>
    internal void CopyBytes(TensorInfo tensor, long start, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + target.Length, tensor.Length);
        Access(tensor.Offset + start, target.Length, target, (bytes, span) => bytes.CopyTo(span));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    private delegate void Use<T>(ReadOnlySpan<byte> bytes, Span<T> target);

    private static unsafe SafetensorsHeader ReadHeader(string path, MemoryMappedViewAccessor view, long length)
    {
        byte* start = null;
        try
        {
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            start += view.PointerOffset;
            var bytes = SafetensorsHeader.ReadLength(path, new ReadOnlySpan<byte>(start, SafetensorsHeader.PrefixBytes), length);
            return SafetensorsHeader.Parse(path, new ReadOnlySpan<byte>(start + SafetensorsHeader.PrefixBytes, bytes), length);
        }
        finally
        {
            if (start is not null)
                view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    // The pointer is held only while it is used, so that disposing during a read cannot unmap the bytes below it.
    private unsafe void Access<T>(long offset, int length, Span<T> target, Use<T> use)
    {
        byte* start = null;
        try
        {
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            use(new ReadOnlySpan<byte>(start + _view.PointerOffset + offset, length), target);
        }
        finally
        {
            if (start is not null)
                _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    private long CheckedCount(TensorInfo tensor) => tensor.Count <= Array.MaxLength ? tensor.Count : throw TooLarge(tensor);

    private CheckpointException TooLarge(TensorInfo tensor) =>
        new($"{Path}: tensor '{tensor.Name}' {tensor.ShapeText} has {tensor.Count} elements, more than one array holds; split it.");
}
