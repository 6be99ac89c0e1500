namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>
/// A GGUF file of version 2 or 3, memory-mapped, under its own tensor names. Opening reads the header only and checks that every tensor
/// lies within the file and overlaps no other. Values are dequantised as they are read; blocks can be copied as stored.
/// Safe to read from several threads; not after <see cref="Dispose"/>.
/// </summary>
public sealed class GgufFile : ITensorSource, IDisposable
{
    // A multiple of every block size; keeps the byte count of one read within an int.
    private const int ChunkElements = 1 << 20;

    private readonly MappedFile _file;
    private readonly GgufHeader _header;

    private GgufFile(MappedFile file)
    {
        _file = file;
        _header = file.Parse(0, (int)Math.Min(file.Length, int.MaxValue), bytes => GgufHeader.Parse(file.Path, bytes, file.Length));
        Metadata = new GgufMetadata(file.Path, _header.Metadata);
    }

    /// <summary>Path the file was opened by.</summary>
    public string Path => _file.Path;

    /// <summary>Version of the format: 2 or 3.</summary>
    public int Version => _header.Version;

    /// <summary>Bytes that every tensor's offset in the data section is a multiple of.</summary>
    public long Alignment => _header.Alignment;

    /// <summary>First byte of the data section.</summary>
    public long DataOffset => _header.DataOffset;

    /// <summary>The file's metadata.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>Every tensor by its stored name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => _header.Tensors;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">The file is missing, or its header contradicts itself or the file's length.</exception>
    public static GgufFile Open(string path)
    {
        MappedFile? file = null;
        try
        {
            file = MappedFile.Open(path, GgufHeader.MinimumBytes, "GGUF");
            var opened = new GgufFile(file);
            file = null;
            return opened;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>A tensor's description.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public GgufTensor this[string name] => Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new CheckpointException($"{Path} has no tensor '{name}'; it has {Tensors.Count} others. Use a model of the expected architecture.");

    /// <inheritdoc/>
    public bool Contains(string name) => Tensors.ContainsKey(name);

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape(string name) => this[name].Shape;

    /// <inheritdoc/>
    public float[] ReadFloat32(string name)
    {
        var tensor = this[name];
        if (tensor.Count > Array.MaxLength)
            throw TooLarge(tensor);
        var values = new float[tensor.Count];
        Decode(tensor, 0, values);
        return values;
    }

    /// <summary>Dequantises rows from <paramref name="firstRow"/> on.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="firstRow">First row, counting all sizes but the innermost as rows.</param>
    /// <param name="target">[rows, <see cref="GgufTensor.RowElements"/>], row-major; its length says how many rows.</param>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    /// <exception cref="ArgumentException">The target is not a whole number of rows, or the tensor has fewer.</exception>
    public void ReadRows(string name, long firstRow, Span<float> target)
    {
        var tensor = this[name];
        CheckRows(tensor, firstRow, target.Length, tensor.RowElements);
        Decode(tensor, firstRow * tensor.RowElements, target);
    }

    /// <summary>Copies rows from <paramref name="firstRow"/> on as stored, in blocks of the tensor's <see cref="GgufTensor.Type"/>.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="firstRow">First row, counting all sizes but the innermost as rows.</param>
    /// <param name="target">[rows, <see cref="GgufTensor.RowBytes"/>]; its length says how many rows.</param>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    /// <exception cref="ArgumentException">The target is not a whole number of rows, or the tensor has fewer.</exception>
    public void CopyRows(string name, long firstRow, Span<byte> target)
    {
        var tensor = this[name];
        CheckRows(tensor, firstRow, target.Length, tensor.RowBytes);
        _file.Read(tensor.Offset + firstRow * tensor.RowBytes, target.Length, target, (bytes, span) => bytes.CopyTo(span));
    }

    /// <summary>A copy of all of a tensor's blocks as stored.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it has more than 2³¹ bytes.</exception>
    public byte[] ReadBytes(string name)
    {
        var tensor = this[name];
        if (tensor.Length > Array.MaxLength)
            throw TooLarge(tensor);
        var bytes = new byte[tensor.Length];
        CopyRows(name, 0, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>How many rows a target of this length takes.</summary>
    internal static long CheckRows(GgufTensor tensor, long firstRow, int length, long rowLength)
    {
        var rows = rowLength == 0 ? 0 : length / rowLength;
        if (length != rows * rowLength)
            throw new ArgumentException($"The target has room for {length} where a row of '{tensor.Name}' takes {rowLength}: not a whole number of rows.", nameof(length));
        if (firstRow < 0 || firstRow > tensor.Rows - rows)
            throw new ArgumentException($"Tensor '{tensor.Name}' has {tensor.Rows} rows; {rows} are asked for from row {firstRow} on.", nameof(firstRow));
        return rows;
    }

    private void Decode(GgufTensor tensor, long firstElement, Span<float> target)
    {
        var (elements, size) = (tensor.Type.BlockElements(), tensor.Type.BlockBytes());
        // 64 bits: the last step may go past the largest int.
        for (long done = 0; done < target.Length; done += ChunkElements)
        {
            var part = target.Slice((int)done, (int)Math.Min(ChunkElements, target.Length - done));
            _file.Read(tensor.Offset + (firstElement + done) / elements * size, part.Length / elements * size, part,
                (bytes, floats) => BlockDecoder.Decode(tensor.Type, bytes, floats));
        }
    }

    private CheckpointException TooLarge(GgufTensor tensor) =>
        new($"{Path}: tensor '{tensor.Name}' {tensor.ShapeText} has {tensor.Count} elements, more than one array holds; read it by rows.");
}
