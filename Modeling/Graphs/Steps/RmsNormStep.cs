using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = γ∘x̂ with x̂ = r∘x and r = 1/√(mean(x²) + ε) (root mean square normalisation, arXiv 1910.07467).</summary>
internal sealed class RmsNormStep(int x, string module, float epsilon) : Step(x)
{
    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Mul(Normalise(scope.Builder, x[0]).Normalised, Gain(scope.Builder));

    /// <summary>dy = γ∘r∘(dx − x̂∘mean(x̂∘dx)).</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var (normalised, inverseRoot) = Normalise(g, x[0].Primal);
        return new Dual(g.Mul(normalised, Gain(g)), x[0].Tangent is { } dx ? g.Mul(Project(g, dx, normalised), g.Mul(inverseRoot, Gain(g))) : null);
    }

    /// <summary>With h = γ∘dy: dx = r∘(h − x̂∘mean(x̂∘h)).</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        var (normalised, inverseRoot) = Normalise(g, x[0]);
        return (g.Mul(normalised, Gain(g)), cotangent => [active[0] ? g.Mul(Project(g, g.Mul(cotangent, Gain(g)), normalised), inverseRoot) : null]);
    }

    private (string Normalised, string InverseRoot) Normalise(GraphBuilder g, string x)
    {
        var inverseRoot = g.Apply("Reciprocal", g.Apply("Sqrt", g.Add(g.RowMean(g.Mul(x, x)), g.Scalar(epsilon))));
        return (g.Mul(x, inverseRoot), inverseRoot);
    }

    private static string Project(GraphBuilder g, string d, string normalised) => g.Sub(d, g.Mul(normalised, g.RowMean(g.Mul(normalised, d))));

    private string Gain(GraphBuilder g) => g.Weight(module + ".weight");
}
