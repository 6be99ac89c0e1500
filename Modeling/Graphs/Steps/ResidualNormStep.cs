using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = γ∘x̂ + β with x̂ = (s − mean(s))/σ and s = a + b (layer normalisation of a residual sum).</summary>
internal sealed class ResidualNormStep(int a, int b, string module, float epsilon) : Step(a, b)
{
    public override string Forward(GraphScope scope, string[] x) => Normalise(scope, scope.Builder.Add(x[0], x[1]), 1)[0];

    /// <summary>dy = γ/σ∘(ds − mean(ds) − x̂∘mean(x̂∘ds)).</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var s = g.Add(x[0].Primal, x[1].Primal);
        if (g.AddOptional(x[0].Tangent, x[1].Tangent) is not { } ds)
            return new Dual(Normalise(scope, s, 1)[0], null);
        var (y, normalised, inverseDeviation) = Retain(scope, s);
        var centred = g.Sub(g.Sub(ds, g.RowMean(ds)), g.Mul(normalised, g.RowMean(g.Mul(normalised, ds))));
        return new Dual(y, g.Mul(centred, g.Mul(inverseDeviation, Gain(g))));
    }

    /// <summary>With h = γ∘dy: ds = (h − mean(h) − x̂∘mean(x̂∘h))/σ, to both terms of the sum.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        var (y, normalised, inverseDeviation) = Retain(scope, g.Add(x[0], x[1]));
        return (y, Back);

        string?[] Back(string cotangent)
        {
            var h = g.Mul(cotangent, Gain(g));
            var centred = g.Sub(g.Sub(h, g.RowMean(h)), g.Mul(normalised, g.RowMean(g.Mul(normalised, h))));
            var ds = g.Mul(centred, inverseDeviation);
            return [active[0] ? ds : null, active[1] ? ds : null];
        }
    }

    private (string Y, string Normalised, string InverseDeviation) Retain(GraphScope scope, string s)
    {
        var g = scope.Builder;
        var outputs = Normalise(scope, s, 3);
        return (outputs[0], g.Mul(g.Sub(s, outputs[1]), outputs[2]), outputs[2]);
    }

    private string[] Normalise(GraphScope scope, string s, int outputs) => scope.Builder.Node(
        "LayerNormalization", [s, Gain(scope.Builder), scope.Builder.Weight(module + ".bias")], outputs, ("axis", -1), ("epsilon", epsilon));

    private string Gain(GraphBuilder g) => g.Weight(module + ".weight");
}
