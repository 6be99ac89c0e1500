using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = a∘b, element by element: the gate of a gated feed-forward layer.</summary>
internal sealed class MulStep(int a, int b) : Step(a, b)
{
    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Mul(x[0], x[1]);

    /// <summary>dy = da∘b + a∘db.</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var fromFirst = x[0].Tangent is { } da ? g.Mul(da, x[1].Primal) : null;
        var fromSecond = x[1].Tangent is { } db ? g.Mul(db, x[0].Primal) : null;
        return new Dual(g.Mul(x[0].Primal, x[1].Primal), g.AddOptional(fromFirst, fromSecond));
    }

    /// <summary>da = dy∘b; db = dy∘a.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        return (g.Mul(x[0], x[1]), cotangent => [active[0] ? g.Mul(cotangent, x[1]) : null, active[1] ? g.Mul(cotangent, x[0]) : null]);
    }
}
