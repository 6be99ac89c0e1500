using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>One tensor to write.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Bytes">Row-major little-endian elements; the length must be the product of the shape times the element size.</param>
public sealed record SafetensorsTensor(string Name, TensorType Type, IReadOnlyList<int> Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>An F32 tensor of these values.</summary>
    public static SafetensorsTensor Float32(string name, IReadOnlyList<int> shape, ReadOnlySpan<float> values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(sizeof(float) * i), values[i]);
        return new SafetensorsTensor(name, TensorType.F32, shape, bytes);
    }

    /// <summary>An I8 tensor of these values.</summary>
    public static SafetensorsTensor Int8(string name, IReadOnlyList<int> shape, ReadOnlySpan<sbyte> values) =>
        new(name, TensorType.I8, shape, MemoryMarshal.AsBytes(values).ToArray());
}
