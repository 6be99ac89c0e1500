using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = x·σ(x), called SiLU or swish (arXiv 1710.05941); y' = σ + y∘(1 − σ).</summary>
internal sealed class SiluStep(int x) : Step(x)
{
    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Mul(x[0], scope.Builder.Apply("Sigmoid", x[0]));

    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        if (x[0].Tangent is not { } dx)
            return new Dual(Forward(scope, [x[0].Primal]), null);
        var (y, slope) = WithSlope(scope.Builder, x[0].Primal);
        return new Dual(y, scope.Builder.Mul(dx, slope));
    }

    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var (y, slope) = WithSlope(scope.Builder, x[0]);
        return (y, cotangent => [active[0] ? scope.Builder.Mul(cotangent, slope) : null]);
    }

    private static (string Y, string Slope) WithSlope(GraphBuilder g, string x)
    {
        var sigmoid = g.Apply("Sigmoid", x);
        var y = g.Mul(x, sigmoid);
        return (y, g.Add(sigmoid, g.Mul(y, g.Sub(g.Scalar(1), sigmoid))));
    }
}
