using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = γ∘x̂ + β with x̂ = (s − mean(s))/σ (layer normalisation, arXiv 1607.06450).</summary>
internal sealed class LayerNormStep(int s, string module, float epsilon) : Step(s)
{
    public override string Forward(GraphScope scope, string[] x) => Normalise(scope, x[0], 1)[0];

    /// <summary>dy = γ/σ∘(ds − mean(ds) − x̂∘mean(x̂∘ds)).</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        if (x[0].Tangent is not { } ds)
            return new Dual(Normalise(scope, x[0].Primal, 1)[0], null);
        var (y, normalised, inverseDeviation) = Retain(scope, x[0].Primal);
        var centred = g.Sub(g.Sub(ds, g.RowMean(ds)), g.Mul(normalised, g.RowMean(g.Mul(normalised, ds))));
        return new Dual(y, g.Mul(centred, g.Mul(inverseDeviation, Gain(g))));
    }

    /// <summary>With h = γ∘dy: ds = (h − mean(h) − x̂∘mean(x̂∘h))/σ.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        var (y, normalised, inverseDeviation) = Retain(scope, x[0]);
        return (y, Back);

        string?[] Back(string cotangent)
        {
            if (!active[0])
                return [null];
            var h = g.Mul(cotangent, Gain(g));
            var centred = g.Sub(g.Sub(h, g.RowMean(h)), g.Mul(normalised, g.RowMean(g.Mul(normalised, h))));
            return [g.Mul(centred, inverseDeviation)];
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
