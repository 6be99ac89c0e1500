using System.Buffers.Binary;
using System.Numerics;

namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>
/// Reads and checks the front of a GGUF file: magic, version, tensor count and metadata count; metadata; tensor descriptions; then,
/// at the next multiple of the alignment, the data, in which every tensor starts at a multiple of the alignment.
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// </summary>
internal sealed class GgufHeader
{
    public const int MinimumBytes = 4 + 4 + 8 + 8;

    private const uint Magic = 0x46554747;
    private const int DefaultAlignment = 32;
    private const string AlignmentKey = "general.alignment";
    private const int MaxKeyBytes = ushort.MaxValue;
    private const int MaxNameBytes = 64;
    private const int MaxRank = 4;
    private const int MinimumMetadataBytes = 8 + 4 + 1;
    private const int MinimumTensorBytes = 8 + 4 + 4 + 8;

    private readonly string _path;

    private GgufHeader(string path) => _path = path;

    public int Version { get; private set; }

    public long Alignment { get; private set; } = DefaultAlignment;

    public long DataOffset { get; private set; }

    public Dictionary<string, GgufValue> Metadata { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, GgufTensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads a header from the file's start; <paramref name="start"/> is the whole file, or as much of it as one span holds.</summary>
    public static GgufHeader Parse(string path, ReadOnlySpan<byte> start, long fileBytes)
    {
        var header = new GgufHeader(path);
        var cursor = new GgufCursor(path, start);
        header.ReadVersion(ref cursor);
        var tensors = cursor.Count(MinimumTensorBytes, "tensors");
        var entries = cursor.Count(MinimumMetadataBytes, "metadata");
        for (var i = 0; i < entries; i++)
            header.ReadEntry(ref cursor);
        header.ReadAlignment();
        var unplaced = new List<GgufTensor>();
        for (var i = 0; i < tensors; i++)
            unplaced.Add(header.ReadTensor(ref cursor));
        header.DataOffset = (cursor.Position + header.Alignment - 1) & -header.Alignment;
        foreach (var tensor in unplaced)
            header.Place(tensor, fileBytes - header.DataOffset);
        header.CheckOverlap();
        return header;
    }

    internal static CheckpointException Damaged(string path, string what) =>
        new($"{path} {what}; download or convert the file again.");

    private void ReadVersion(ref GgufCursor cursor)
    {
        if (cursor.Integer<uint>("the magic") != Magic)
            throw Damaged(_path, "does not start with GGUF");
        var version = cursor.Integer<uint>("the version");
        if (BinaryPrimitives.ReverseEndianness(version) is 2 or 3)
            throw new CheckpointException($"{_path} is a big-endian GGUF file; convert the model for little-endian machines.");
        Version = version is 2 or 3
            ? (int)version
            : throw new CheckpointException($"{_path} is GGUF version {version}; versions 2 and 3 are read. Convert the model again with a current converter.");
    }

    private void ReadEntry(ref GgufCursor cursor)
    {
        var key = cursor.Text("a metadata key", MaxKeyBytes);
        if (!Metadata.TryAdd(key, GgufValueReader.Read(ref cursor, key)))
            throw Damaged(_path, $"gives metadata '{key}' twice");
    }

    private void ReadAlignment()
    {
        if (!Metadata.TryGetValue(AlignmentKey, out var value))
            return;
        Alignment = value.Content is uint alignment and >= 8 && BitOperations.IsPow2(alignment)
            ? alignment
            : throw Damaged(_path, $"has a {AlignmentKey} ({value.KindText} {value.Content}) that is not a 32-bit power of two of at least 8");
    }

    /// <summary>Reads a tensor's description; its offset still counts from the start of the data.</summary>
    private GgufTensor ReadTensor(ref GgufCursor cursor)
    {
        var name = cursor.Text("a tensor name", MaxNameBytes);
        var rank = cursor.Integer<uint>(name);
        if (rank > MaxRank)
            throw Damaged(_path, $"gives tensor '{name}' {rank} dimensions, the limit is {MaxRank}");
        var shape = new int[rank];
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            var size = cursor.Integer<ulong>(name);
            shape[i] = size <= int.MaxValue ? (int)size : throw Damaged(_path, $"gives tensor '{name}' a dimension of {size}, the limit is {int.MaxValue}");
        }

        var number = cursor.Integer<uint>(name);
        var type = (GgufTensorType)number;
        if (!Enum.IsDefined(type))
            throw new CheckpointException($"{_path}: tensor '{name}' has type number {number}; readable are {string.Join(", ", Enum.GetNames<GgufTensorType>())}. Quantise the model to one of them.");
        var offset = cursor.Integer<ulong>(name);
        if (offset > long.MaxValue || (long)offset % Alignment != 0)
            throw Damaged(_path, $"places tensor '{name}' at data byte {offset}, which is not a multiple of the alignment {Alignment}");
        return new GgufTensor(name, type, shape, (long)offset, Length(name, type, shape));
    }

    private long Length(string name, GgufTensorType type, int[] shape)
    {
        var row = shape.Length == 0 ? 1 : shape[^1];
        if (row % type.BlockElements() != 0)
            throw Damaged(_path, $"gives tensor '{name}' rows of {row} elements, not a multiple of the {type.BlockElements()} of a {type} block");
        // Four 31-bit sizes and a block size fit UInt128.
        var bytes = shape.Aggregate((UInt128)type.BlockBytes(), (product, size) => product * (UInt128)size) / (UInt128)type.BlockElements();
        return bytes <= long.MaxValue
            ? (long)bytes
            : throw Damaged(_path, $"gives tensor '{name}' ({type} {TensorInfo.Describe(shape)}) a size of {bytes} bytes");
    }

    private void Place(GgufTensor tensor, long dataBytes)
    {
        if (tensor.Length > dataBytes || tensor.Offset > dataBytes - tensor.Length)
            throw Damaged(_path, $"places tensor '{tensor.Name}' ({tensor.Type} {tensor.ShapeText}, {tensor.Length} bytes) at byte {tensor.Offset} of a data section of {Math.Max(0, dataBytes)} bytes");
        if (!Tensors.TryAdd(tensor.Name, tensor with { Offset = DataOffset + tensor.Offset }))
            throw Damaged(_path, $"lists tensor '{tensor.Name}' twice");
    }

    private void CheckOverlap()
    {
        long next = 0;
        foreach (var tensor in Tensors.Values.Where(tensor => tensor.Length > 0).OrderBy(tensor => tensor.Offset))
        {
            if (tensor.Offset < next)
                throw Damaged(_path, $"starts tensor '{tensor.Name}' at byte {tensor.Offset}, before the tensor ahead of it ends at byte {next}");
            next = tensor.Offset + tensor.Length;
        }
    }
}
