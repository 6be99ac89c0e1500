using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = x·σ(x) with the logistic function σ (arXiv 1702.03118); y' = σ + y·(1 − σ).</summary>
internal sealed class SiluStep(int x) : Step(x)
{
    public override string Forward(GraphScope scope, string[] x) => WithGate(scope.Builder, x[0]).Y;

    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var (y, gate) = WithGate(g, x[0].Primal);
        return new Dual(y, x[0].Tangent is { } dx ? g.Mul(dx, Slope(g, y, gate)) : null);
    }

    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        var (y, gate) = WithGate(g, x[0]);
        return (y, cotangent => [active[0] ? g.Mul(cotangent, Slope(g, y, gate)) : null]);
    }

    private static (string Y, string Gate) WithGate(GraphBuilder g, string x)
    {
        var gate = g.Apply("Sigmoid", x);
        return (g.Mul(x, gate), gate);
    }

    private static string Slope(GraphBuilder g, string y, string gate) => g.Add(gate, g.Mul(y, g.Sub(g.Scalar(1), gate)));
}
