using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = tanh(x); y' = 1 − y².</summary>
internal sealed class TanhStep(int x) : Step(x)
{
    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Apply("Tanh", x[0]);

    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var y = Forward(scope, [x[0].Primal]);
        return new Dual(y, x[0].Tangent is { } dx ? scope.Builder.Mul(dx, Slope(scope.Builder, y)) : null);
    }

    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var y = Forward(scope, x);
        return (y, cotangent => [active[0] ? scope.Builder.Mul(cotangent, Slope(scope.Builder, y)) : null]);
    }

    private static string Slope(GraphBuilder g, string y) => g.Sub(g.Scalar(1), g.Mul(y, y));
}
