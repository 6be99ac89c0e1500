using System.Globalization;
using FwdLLM.Modeling.Onnx.Format;
using Google.Protobuf;

namespace FwdLLM.Modeling.Onnx;

/// <summary>Tensors as ONNX files hold them.</summary>
internal static class TensorFormat
{
    /// <summary>A tensor within the graph's own file. The bytes are not copied.</summary>
    public static Tensor Inline(string name, ElementType type, IEnumerable<int> shape, ReadOnlyMemory<byte> bytes)
    {
        var tensor = Describe(name, type, shape);
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        return tensor;
    }

    /// <summary>A tensor in a file beside the graph's.</summary>
    public static Tensor External(string name, ElementType type, IEnumerable<int> shape, string fileName, long offset, long length)
    {
        var tensor = Describe(name, type, shape);
        tensor.DataLocation = 1;
        tensor.ExternalData.Add(new Entry { Key = "location", Value = fileName });
        tensor.ExternalData.Add(new Entry { Key = "offset", Value = offset.ToString(CultureInfo.InvariantCulture) });
        tensor.ExternalData.Add(new Entry { Key = "length", Value = length.ToString(CultureInfo.InvariantCulture) });
        return tensor;
    }

    private static Tensor Describe(string name, ElementType type, IEnumerable<int> shape)
    {
        var tensor = new Tensor { Name = name, DataType = (int)type };
        tensor.Dims.AddRange(shape.Select(size => (long)size));
        return tensor;
    }
}
