using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = x·Wᵀ + b + adapter(x). The weight is stored transposed, [in, out].</summary>
internal sealed class LinearStep(int x, string module, LinearAdapter? adapter) : Step(x)
{
    public override bool HasAdapter => adapter is not null;

    public override string Forward(GraphScope scope, string[] x) => Finish(scope, scope.Builder.MatMul(x[0], Weight(scope)), adapter?.Forward(scope, x[0]));

    /// <summary>dy = dx·Wᵀ + d(adapter). Value and tangents go through one GEMM, stacked.</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var delta = adapter?.Jvp(scope, x[0]);
        if (x[0].Tangent is null)
            return new Dual(Finish(scope, g.MatMul(x[0].Primal, Weight(scope)), delta?.Primal), delta?.Tangent);
        var stacked = g.MatMul(scope.Stack(x[0]), Weight(scope));
        return new Dual(Finish(scope, g.Item(stacked, 0), delta?.Primal), g.AddOptional(g.Tail(stacked, 1), delta?.Tangent));
    }

    /// <summary>dx = dy·W + the adapter's share.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        var delta = adapter?.Vjp(scope, x[0]);
        var y = Finish(scope, g.MatMul(x[0], Weight(scope)), delta?.Value);
        return (y, Back);

        string?[] Back(string cotangent)
        {
            var through = delta?.Pullback(cotangent, active[0]);
            return [active[0] ? g.AddOptional(g.MatMul(cotangent, g.Transpose(Weight(scope), 1, 0)), through) : null];
        }
    }

    // The bias comes last: ORT then fuses it with a GELU that follows.
    private string Finish(GraphScope scope, string product, string? delta) =>
        scope.Builder.Add(scope.Builder.AddOptional(product, delta)!, scope.Builder.Weight(module + ".bias"));

    private string Weight(GraphScope scope) => scope.Builder.Weight(module + ".weight");
}
