using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = max(x, 0); y' = 1 where x is positive, otherwise 0.</summary>
internal sealed class ReluStep(int x) : Step(x)
{
    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Apply("Relu", x[0]);

    public override Dual Jvp(GraphScope scope, Dual[] x) =>
        new(Forward(scope, [x[0].Primal]), x[0].Tangent is { } dx ? scope.Builder.Mul(dx, Slope(scope.Builder, x[0].Primal)) : null);

    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active) =>
        (Forward(scope, x), cotangent => [active[0] ? scope.Builder.Mul(cotangent, Slope(scope.Builder, x[0])) : null]);

    private static string Slope(GraphBuilder g, string x) => g.Node("Cast", [g.Node("Greater", [x, g.Scalar(0)])], ("to", (long)ElementType.Float32));
}
