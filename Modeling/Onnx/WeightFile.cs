using System.Runtime.InteropServices;
using FwdLLM.Modeling.Onnx.Format;

namespace FwdLLM.Modeling.Onnx;

/// <summary>
/// Writes the constants of all graphs of one model into a single file, once. Offsets are page-aligned so that a session can
/// map the file and hand out pointers into it: pages of weights nobody reads are never loaded.
/// </summary>
internal sealed class WeightFile : IWeightStore, IDisposable
{
    /// <summary>Every tensor starts at a multiple of this many bytes (a memory page).</summary>
    public const int Alignment = 4096;

    private readonly FileStream _stream;
    private readonly Dictionary<string, WeightEntry> _entries = new(StringComparer.Ordinal);

    public WeightFile(string path) => _stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);

    public string FileName => Path.GetFileName(_stream.Name);

    public IReadOnlyCollection<WeightEntry> Entries => _entries.Values;

    public WeightEntry this[string name] => _entries[name];

    public bool Contains(string name) => _entries.ContainsKey(name);

    public Tensor Initializer(string name)
    {
        var entry = this[name];
        return TensorFormat.External(name, entry.Type, entry.Shape, FileName, entry.Offset, entry.Length);
    }

    public void Add<T>(string name, T[] values, params int[] shape)
        where T : unmanaged
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("ONNX external data is little-endian; compile the model on a little-endian machine.");
        var count = shape.Aggregate(1L, (product, size) => product * size);
        if (count != values.Length)
            throw new ArgumentException($"Weight '{name}' has {values.Length} values but its shape [{string.Join(", ", shape)}] needs {count}.", nameof(values));
        var start = (_stream.Position + Alignment - 1) / Alignment * Alignment;
        _stream.Write(new byte[start - _stream.Position]);
        _stream.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        _entries.Add(name, new WeightEntry(name, ElementTypes.Of<T>(), shape, start, values.Length * (long)ElementTypes.Of<T>().Size()));
    }

    public void Dispose() => _stream.Dispose();
}
