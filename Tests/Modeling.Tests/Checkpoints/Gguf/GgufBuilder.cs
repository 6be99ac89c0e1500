using System.Text;
using FwdLLM.Modeling.Checkpoints.Gguf;

namespace FwdLLM.Tests.Modeling.Checkpoints.Gguf;

/// <summary>Writes GGUF files, honest ones and, through what can be overridden, ones that lie. Nothing follows the last tensor.</summary>
internal sealed class GgufBuilder
{
    private readonly List<byte[]> _entries = [];
    private readonly List<(string Name, uint Type, ulong[] Dimensions, ulong? Offset, byte[] Data)> _tensors = [];

    public uint Version { get; init; } = 3;

    public int Alignment { get; init; } = 32;

    public ulong? TensorCount { get; init; }

    public ulong? EntryCount { get; init; }

    public GgufBuilder Entry(string key, GgufValueKind kind, Action<BinaryWriter> value) => Raw(writer =>
    {
        Text(writer, key);
        writer.Write((uint)kind);
        value(writer);
    });

    public GgufBuilder Entry(string key, uint value) => Entry(key, GgufValueKind.UInt32, writer => writer.Write(value));

    public GgufBuilder Entry(string key, float value) => Entry(key, GgufValueKind.Float32, writer => writer.Write(value));

    public GgufBuilder Entry(string key, string value) => Entry(key, GgufValueKind.String, writer => Text(writer, value));

    public GgufBuilder Entry(string key, string[] values) => Array(key, GgufValueKind.String, values, Text);

    public GgufBuilder Entry(string key, int[] values) => Array(key, GgufValueKind.Int32, values, (writer, value) => writer.Write(value));

    public GgufBuilder Array<T>(string key, GgufValueKind kind, T[] values, Action<BinaryWriter, T> write) => Entry(key, GgufValueKind.Array, writer =>
    {
        writer.Write((uint)kind);
        writer.Write((ulong)values.Length);
        foreach (var value in values)
            write(writer, value);
    });

    /// <param name="name">Name.</param>
    /// <param name="type">Number of the type.</param>
    /// <param name="dimensions">Innermost first.</param>
    /// <param name="data">Blocks.</param>
    /// <param name="offset">From the start of the data; where the tensor really is if null.</param>
    public GgufBuilder Tensor(string name, uint type, ulong[] dimensions, byte[] data, ulong? offset = null)
    {
        _tensors.Add((name, type, dimensions, offset, data));
        return this;
    }

    /// <summary>A tensor of blocks whose bytes count up, every half-precision scale among them finite.</summary>
    public GgufBuilder Tensor(string name, GgufTensorType type, params int[] shape)
    {
        var blocks = shape.Aggregate(1, (product, size) => product * size) / type.BlockElements();
        var data = Enumerable.Range(0, blocks * type.BlockBytes()).Select(i => (byte)(i * 7 % 60)).ToArray();
        return Tensor(name, (uint)type, [.. shape.Reverse().Select(size => (ulong)size)], data);
    }

    public byte[] Build()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(TensorCount ?? (ulong)_tensors.Count);
        writer.Write(EntryCount ?? (ulong)_entries.Count);
        foreach (var entry in _entries)
            writer.Write(entry);
        ulong next = 0;
        foreach (var tensor in _tensors)
        {
            Text(writer, tensor.Name);
            writer.Write((uint)tensor.Dimensions.Length);
            foreach (var size in tensor.Dimensions)
                writer.Write(size);
            writer.Write(tensor.Type);
            writer.Write(tensor.Offset ?? next);
            next = (ulong)Aligned((long)next + tensor.Data.Length);
        }

        foreach (var tensor in _tensors)
        {
            writer.Write(new byte[Aligned(stream.Position) - stream.Position]);
            writer.Write(tensor.Data);
        }

        return stream.ToArray();
    }

    private GgufBuilder Raw(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        _entries.Add(stream.ToArray());
        return this;
    }

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;
}
