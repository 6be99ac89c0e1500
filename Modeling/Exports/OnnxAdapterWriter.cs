using System.Runtime.InteropServices;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Onnx;
using Google.FlatBuffers;

namespace FwdLLM.Modeling.Exports;

/// <summary>
/// Writes ONNX Runtime's .onnx_adapter file: a FlatBuffer with identifier TORT, by the schema adapter_schema.fbs of ONNX Runtime.
/// The two tables are short enough to be written field by field. Equal tensors give equal bytes.
/// </summary>
internal static class OnnxAdapterWriter
{
    private const string Identifier = "TORT";
    private const int FormatVersion = 1;
    private const int Alignment = 8;

    public static void Write(string path, IReadOnlyList<OnnxAdapterTensor> tensors)
    {
        var length = tensors.Sum(tensor => tensor.Values.LongLength * sizeof(float));
        // A FlatBuffer's offsets are 32 bits wide.
        if (length > ExportWeights.InlineLimit)
            throw new ExportException($"The format onnx-adapter holds at most {ExportWeights.InlineLimit} bytes, and the adapter has {length}; train a smaller rank, or export it as onnx.");
        var builder = new FlatBufferBuilder((int)length + 1024);
        var parameters = builder.CreateVectorOfTables([.. tensors.Select(tensor => Parameter(builder, tensor))]);
        // table Adapter { format_version, adapter_version, model_version: int; parameters: [Parameter]; }
        builder.StartTable(4);
        builder.AddOffset(3, parameters.Value, 0);
        builder.AddInt(2, 1, 0);
        builder.AddInt(1, 1, 0);
        builder.AddInt(0, FormatVersion, 0);
        builder.Finish(builder.EndTable(), Identifier);
        AtomicFile.Write(path, stream => stream.Write(builder.DataBuffer.ToArraySegment(builder.DataBuffer.Position, builder.Offset)));
    }

    // table Parameter { name: string; dims: [int64]; data_type: TensorDataType; raw_data: [uint8] (force_align: 8); }
    private static Offset<ParameterTable> Parameter(FlatBufferBuilder builder, OnnxAdapterTensor tensor)
    {
        var bytes = MemoryMarshal.AsBytes(tensor.Values.AsSpan()).ToArray();
        builder.StartVector(1, bytes.Length, Alignment);
        builder.Put(bytes);
        var data = builder.EndVector();
        builder.StartVector(sizeof(long), tensor.Shape.Length, sizeof(long));
        for (var axis = tensor.Shape.Length - 1; axis >= 0; axis--)
            builder.AddLong(tensor.Shape[axis]);
        var dimensions = builder.EndVector();
        var name = builder.CreateString(tensor.Name);
        builder.StartTable(4);
        builder.AddOffset(3, data.Value, 0);
        builder.AddInt(2, (int)ElementType.Float32, 0);
        builder.AddOffset(1, dimensions.Value, 0);
        builder.AddOffset(0, name.Value, 0);
        return new Offset<ParameterTable>(builder.EndTable());
    }

    private readonly struct ParameterTable;
}
