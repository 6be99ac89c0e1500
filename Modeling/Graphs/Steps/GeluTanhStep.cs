using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = ½x·(1 + t) with t = tanh(√(2/π)·(x + 0.044715·x³)), the common approximation of x·Φ(x) (arXiv 1606.08415).</summary>
internal sealed class GeluTanhStep(int x) : Step(x)
{
    private const float Cubic = 0.044715f;
    private static readonly float Scale = (float)Math.Sqrt(2 / Math.PI);

    public override string Forward(GraphScope scope, string[] x)
    {
        var g = scope.Builder;
        return Value(g, x[0], Tanh(g, x[0], g.Mul(x[0], x[0])));
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

    /// <summary>y' = ½(1 + t) + ½x·(1 − t²)·√(2/π)·(1 + 3·0.044715·x²).</summary>
    private static (string Y, string Slope) WithSlope(GraphBuilder g, string x)
    {
        var square = g.Mul(x, x);
        var t = Tanh(g, x, square);
        var inner = g.Mul(g.Add(g.Mul(square, 3 * Cubic), g.Scalar(1)), Scale);
        var bend = g.Mul(g.Mul(x, g.Sub(g.Scalar(1), g.Mul(t, t))), inner);
        return (Value(g, x, t), g.Mul(g.Add(g.Add(t, g.Scalar(1)), bend), 0.5f));
    }

    private static string Tanh(GraphBuilder g, string x, string square) =>
        g.Apply("Tanh", g.Mul(g.Mul(x, g.Add(g.Mul(square, Cubic), g.Scalar(1))), Scale));

    private static string Value(GraphBuilder g, string x, string t) => g.Mul(g.Mul(x, g.Add(t, g.Scalar(1))), 0.5f);
}
