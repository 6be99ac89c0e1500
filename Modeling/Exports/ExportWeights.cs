using System.Runtime.InteropServices;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Onnx.Format;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Exports;

/// <summary>
/// A compiled model's constants for a graph of another file: within it, or, where it would pass protobuf's limit, in a file
/// beside it. Low-rank additions are merged into the weights of float32 layers as these are handed out. Signed 8-bit weights are offered in
/// their unsigned form too: an exported file is run by whatever CPU there is.
/// </summary>
internal sealed class ExportWeights : IWeightStore, IDisposable
{
    /// <summary>A protobuf message ends at 2³¹ − 1 bytes; nodes and small constants take far less than what is left.</summary>
    public const long InlineLimit = int.MaxValue - (64L << 20);

    private readonly Dictionary<string, WeightEntry> _entries;
    private readonly Dictionary<string, LoraModule> _merged;
    private readonly FileStream _source;
    private readonly FileStream? _beside;

    /// <param name="model">Where the constants are.</param>
    /// <param name="merged">Additions to merge; layers in float32 only.</param>
    /// <param name="besidePath">The file beside the graph, or null to hold the constants within.</param>
    public ExportWeights(CompiledModel model, IEnumerable<LoraModule> merged, string? besidePath)
    {
        _entries = model.Manifest.Weights.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        _merged = merged.ToDictionary(module => module.Module + ".weight", StringComparer.Ordinal);
        _source = File.OpenRead(Path.Combine(model.Folder, CompiledModel.WeightsFile));
        _beside = besidePath is null ? null : new FileStream(besidePath, FileMode.Create, FileAccess.Write);
    }

    public WeightEntry this[string name] => Find(name) ?? throw new InvalidDataException($"{_source.Name} has no tensor '{name}'; compile the model again.");

    public bool Contains(string name) => Find(name) is not null;

    public Tensor Initializer(string name)
    {
        var entry = this[name];
        var bytes = new byte[entry.Length];
        _source.Position = entry.Offset;
        _source.ReadExactly(bytes);
        if (!_entries.ContainsKey(name)) // Only unsigned forms are offered without being stored.
            UnsignedWeights.Convert(bytes);
        if (_merged.TryGetValue(name, out var module))
            Merge(module, MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
        if (_beside is null)
            return TensorFormat.Inline(name, entry.Type, entry.Shape, bytes);
        var offset = (_beside.Position + WeightFile.Alignment - 1) / WeightFile.Alignment * WeightFile.Alignment;
        _beside.Write(new byte[offset - _beside.Position]);
        _beside.Write(bytes);
        return TensorFormat.External(name, entry.Type, entry.Shape, Path.GetFileName(_beside.Name), offset, bytes.Length);
    }

    public void Dispose()
    {
        _source.Dispose();
        _beside?.Dispose();
    }

    private WeightEntry? Find(string name) =>
        _entries.TryGetValue(name, out var entry) ? entry
        : UnsignedWeights.Signed(name) is { } signed && _entries.TryGetValue(signed, out var twin) && twin.Type == ElementType.Int8 ? twin with { Name = name, Type = ElementType.UInt8 }
        : null;

    /// <summary>Wᵀ + s·(B·A)ᵀ, in place, as the float32 format stores it: [in, out].</summary>
    private static void Merge(LoraModule module, Span<float> weight)
    {
        var row = new double[module.Out];
        for (var i = 0; i < module.In; i++)
        {
            Array.Clear(row);
            for (var k = 0; k < module.Rank; k++)
            {
                double a = module.A[k * module.In + i];
                for (var o = 0; o < row.Length; o++)
                    row[o] += a * module.B[o * module.Rank + k];
            }

            var stored = weight.Slice(i * module.Out, module.Out);
            for (var o = 0; o < row.Length; o++)
                stored[o] = (float)(stored[o] + module.Scaling * row[o]);
        }
    }
}
