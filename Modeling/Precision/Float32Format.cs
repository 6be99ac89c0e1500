using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>32-bit floats, stored transposed, [in, out], as MatMul reads them.</summary>
internal sealed class Float32Format : WeightFormat
{
    public override string Name => WeightFormats.Float32;

    public override bool QuantizesTables => false;

    public override void Write(WeightFile file, ModelTensor tensor, ITensorSource source) =>
        file.Add(tensor.Name, Matrices.Transpose(source.ReadFloat32(tensor.Name), tensor.Shape[0], tensor.Shape[1]), tensor.Shape[1], tensor.Shape[0]);

    public override LinearWeight Weight(ModelTensor tensor) => new Float32Weight(tensor.Name);

    private sealed class Float32Weight(string name) : LinearWeight
    {
        public override string Product(GraphScope scope, string x) => scope.Builder.MatMul(x, scope.Builder.Weight(name));

        protected override string Matrix(GraphScope scope) => scope.Builder.Transpose(scope.Builder.Weight(name), 1, 0);
    }
}
