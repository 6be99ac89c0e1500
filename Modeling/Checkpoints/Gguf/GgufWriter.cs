using System.Runtime.InteropServices;
using System.Text;

namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>Writes GGUF files of version 3 with texts and numbers as metadata and F32 tensors. Entries and tensors keep their order, so equal calls give equal bytes.</summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly List<(string Key, GgufValueKind Kind, byte[] Value)> _entries = [];
    private readonly List<(string Name, int[] Shape, float[] Values)> _tensors = [];

    public void Add(string key, string value) => _entries.Add((key, GgufValueKind.String, Text(value)));

    public void Add(string key, float value) => _entries.Add((key, GgufValueKind.Float32, BitConverter.GetBytes(value)));

    /// <param name="name">Name.</param>
    /// <param name="values">Row-major.</param>
    /// <param name="shape">Outermost first.</param>
    public void Add(string name, float[] values, params int[] shape) => _tensors.Add((name, shape, values));

    /// <summary>Writes the file; it appears whole or not at all.</summary>
    public void Write(string path) => AtomicFile.Write(path, stream =>
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_entries.Count);
        foreach (var (key, kind, value) in _entries)
        {
            writer.Write(Text(key));
            writer.Write((uint)kind);
            writer.Write(value);
        }

        long offset = 0;
        foreach (var (name, shape, values) in _tensors)
        {
            writer.Write(Text(name));
            writer.Write((uint)shape.Length);
            foreach (var size in shape.Reverse())
                writer.Write((ulong)size);
            writer.Write((uint)GgufTensorType.F32);
            writer.Write((ulong)offset);
            offset = Aligned(offset + values.LongLength * sizeof(float));
        }

        foreach (var (_, _, values) in _tensors)
        {
            Pad(writer);
            writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        Pad(writer);
    });

    private static void Pad(BinaryWriter writer)
    {
        writer.Flush();
        var position = writer.BaseStream.Position;
        writer.Write(new byte[Aligned(position) - position]);
    }

    private static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. BitConverter.GetBytes((ulong)bytes.Length), .. bytes];
    }

    private static long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;
}
