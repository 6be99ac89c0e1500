using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Onnx.Format;
using Google.Protobuf;

namespace FwdLLM.Modeling.Precision;

/// <summary>
/// The second form of <c>int8</c>'s weights: the same integers plus 128, as bytes with that zero point. Kernels of x86 CPUs without VNNI
/// add two products of signed weights in 16 bits and saturate; with unsigned ones they are exact, as every CPU is (docs/precision.md).
/// </summary>
public static class UnsignedWeights
{
    private const byte SignBit = 0x80;
    private const string Suffix = ".unsigned";
    private const int WeightInput = 1, InputZeroPoint = 4;

    /// <summary>w → w + 128.</summary>
    /// <param name="weights">Signed bytes, replaced in place.</param>
    public static void Convert(Span<byte> weights)
    {
        foreach (ref var weight in weights)
            weight ^= SignBit;
    }

    /// <summary>A graph with every product of signed weights replaced by that of unsigned ones. Sums, and so all outputs, are the same bits.</summary>
    /// <param name="graph">An ONNX file of the compiler's.</param>
    /// <returns>The new file, and which constants it reads in the unsigned form, by the name in the weight file and the new one. Constants in other places stay signed.</returns>
    public static (byte[] Graph, IReadOnlyList<(string Signed, string Unsigned)> Weights) Rewrite(byte[] graph)
    {
        var model = Model.Parser.ParseFrom(graph);
        var constants = model.Graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var weights = new List<(string Signed, string Unsigned)>();
        foreach (var product in model.Graph.Node.Where(node => node.OpType == Int8Format.ProductOperator))
        {
            var name = product.Input[WeightInput];
            if (constants[name].DataType != (int)ElementType.Int8)
                continue;
            if (!constants.ContainsKey(Name(name)))
            {
                var twin = constants[name].Clone();
                (twin.Name, twin.DataType) = (Name(name), (int)ElementType.UInt8);
                model.Graph.Initializer.Add(twin);
                constants.Add(twin.Name, twin);
                weights.Add((name, twin.Name));
            }

            product.Input[WeightInput] = Name(name);
            product.Input.Add(product.Input[InputZeroPoint]); // 128 as well.
        }

        return (model.ToByteArray(), weights);
    }

    /// <summary>Name of a weight's unsigned form.</summary>
    internal static string Name(string weight) => weight + Suffix;

    /// <summary>The weight whose unsigned form has this name; null where it is no such name.</summary>
    internal static string? Signed(string name) => name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : null;
}
