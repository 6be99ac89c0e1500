using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = x·Φ(x) with the exact normal distribution function (arXiv 1606.08415).</summary>
internal sealed class GeluStep(int x) : Step(x)
{
    private static readonly float RootHalf = (float)Math.Sqrt(0.5);
    private static readonly float DensityScale = (float)(1 / Math.Sqrt(2 * Math.PI));

    /// <summary>The order x/√2 → erf → +1 → ·x → ·½ is the one ORT recognises and fuses.</summary>
    public override string Forward(GraphScope scope, string[] x)
    {
        var g = scope.Builder;
        var error = g.Apply("Erf", g.Div(x[0], g.Scalar((float)Math.Sqrt(2))));
        return g.Mul(g.Mul(x[0], g.Add(error, g.Scalar(1))), 0.5f);
    }

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

    /// <summary>y = x·Φ and y' = Φ + x·φ.</summary>
    private static (string Y, string Slope) WithSlope(GraphBuilder g, string x)
    {
        var distribution = g.Add(g.Mul(g.Apply("Erf", g.Mul(x, RootHalf)), 0.5f), g.Scalar(0.5f));
        var density = g.Mul(g.Apply("Exp", g.Mul(g.Mul(x, x), -0.5f)), DensityScale);
        return (g.Mul(x, distribution), g.Add(distribution, g.Mul(x, density)));
    }
}
