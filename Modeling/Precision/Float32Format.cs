using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>32-bit floats, stored transposed, [in, out], as MatMul reads them.</summary>
internal sealed class Float32Format : WeightFormat
{
    public override string Name => WeightFormats.Float32;

    public override void Write(WeightFile file, string name, float[] values, int outputSize, int inputSize) =>
        file.Add(name, Matrices.Transpose(values, outputSize, inputSize), inputSize, outputSize);

    public override LinearWeight Weight(string name) => new Float32Weight(name);

    private sealed class Float32Weight(string name) : LinearWeight
    {
        public override string Product(GraphScope scope, string x) => scope.Builder.MatMul(x, scope.Builder.Weight(name));

        /// <summary>Value and tangents go through one GEMM, stacked.</summary>
        public override Dual Product(GraphScope scope, Dual x)
        {
            if (x.Tangent is null)
                return new Dual(Product(scope, x.Primal), null);
            var stacked = Product(scope, scope.Stack(x)); // [K+1, rows, out]
            return new Dual(scope.Builder.Item(stacked, 0), scope.Builder.Tail(stacked, 1));
        }

        public override string TransposedProduct(GraphScope scope, string cotangent) =>
            scope.Builder.MatMul(cotangent, scope.Builder.Transpose(scope.Builder.Weight(name), 1, 0));
    }
}
