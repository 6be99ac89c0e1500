using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>
/// Weights within ±127, one scale per output channel, times activations rounded to 8 bits with one scale per row: x·Wᵀ becomes a
/// product of integers. A scale per row gives value and every tangent direction their own, and keeps one outlier from
/// coarsening a whole batch. Kernels of x86 CPUs without VNNI saturate on signed weights: where the constants have an unsigned form
/// too, a graph reads that (<see cref="UnsignedWeights"/>).
/// </summary>
internal sealed class Int8Format : WeightFormat
{
    private const byte Zero = 128;
    private const float ActivationLimit = 127;

    /// <summary>Largest weight.</summary>
    internal const int WeightLimit = 127;

    /// <summary>ONNX Runtime's operator: A, B, scale of A, scale of B, zero point of A, zero point of B.</summary>
    internal const string ProductOperator = "MatMulIntegerToFloat";

    // A row of zeros must not divide by zero; anything this small is zero to the rest of the network.
    private const float Smallest = 1e-30f;

    public override string Name => WeightFormats.Int8;

    public override bool QuantizesActivations => true;

    public override void Write(WeightFile file, ModelTensor tensor, ITensorSource source)
    {
        var (values, scales) = Pack(source.ReadFloat32(tensor.Name), tensor.Shape[0], tensor.Shape[1], WeightLimit);
        file.Add(tensor.Name, values, tensor.Shape[1], tensor.Shape[0]);
        file.Add(ScaleOf(tensor.Name), scales, tensor.Shape[0]);
    }

    public override LinearWeight Weight(ModelTensor tensor) => new Int8Weight(tensor.Name);

    /// <summary>round(w/s) with s = max|w| / limit of the output channel, 1 where all are zero.</summary>
    /// <param name="weights">[out, in].</param>
    /// <param name="outputSize">out.</param>
    /// <param name="inputSize">in.</param>
    /// <param name="limit">Largest integer.</param>
    /// <returns>Values [in, out], scales [out].</returns>
    internal static (sbyte[] Values, float[] Scales) Pack(ReadOnlySpan<float> weights, int outputSize, int inputSize, int limit)
    {
        var (rounded, scales) = RowQuantizer.Quantize(weights, outputSize, limit);
        var values = new sbyte[rounded.Length];
        for (var row = 0; row < outputSize; row++)
            for (var column = 0; column < inputSize; column++)
                values[column * outputSize + row] = rounded[row * inputSize + column];
        return (values, Array.ConvertAll(scales, scale => scale == 0 ? 1 : scale));
    }

    private static string ScaleOf(string name) => name + ".scale";

    private sealed class Int8Weight(string name) : LinearWeight
    {
        public override string Product(GraphScope scope, string x)
        {
            var g = scope.Builder;
            var scale = scope.Once($"int8 scale {x}", () => RowScale(g, x)); // [.., 1]
            var rounded = scope.Once($"int8 {x}", () => Round(g, x, scale)); // [.., in]
            var isUnsigned = g.HasWeight(UnsignedWeights.Name(name));
            var weight = g.Weight(isUnsigned ? UnsignedWeights.Name(name) : name);
            List<string> inputs = [rounded, weight, g.Scalar(1), g.Weight(ScaleOf(name)), g.Byte(Zero)];
            if (isUnsigned)
                inputs.Add(g.Byte(Zero));
            return g.Mul(g.RuntimeNode(ProductOperator, inputs), scale);
        }

        protected override string Matrix(GraphScope scope)
        {
            var g = scope.Builder;
            return g.Transpose(g.Mul(g.Node("Cast", [g.Weight(name)], ("to", (int)ElementType.Float32)), g.Weight(ScaleOf(name))), 1, 0);
        }

        private static string RowScale(GraphBuilder g, string x)
        {
            var largest = g.Node("ReduceMax", [g.Apply("Abs", x)], ("axes", new long[] { -1 }), ("keepdims", 1));
            return g.Node("Max", [g.Mul(largest, 1 / ActivationLimit), g.Scalar(Smallest)]);
        }

        /// <summary>Scales along an axis must be a vector, so the rows are laid out in one axis for the rounding.</summary>
        private static string Round(GraphBuilder g, string x, string scale)
        {
            var scales = g.Reshape(scale, -1);
            var zeros = g.Node("Expand", [g.Byte(Zero), g.Apply("Shape", scales)]);
            var rows = g.Node("QuantizeLinear", [g.Node("Flatten", [x], ("axis", -1)), scales, zeros], ("axis", 0));
            return g.Reshape(rows, g.Apply("Shape", x));
        }
    }
}
