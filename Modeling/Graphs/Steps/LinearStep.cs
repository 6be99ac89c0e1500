using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = x·Wᵀ + addition(x) + b.</summary>
/// <param name="x">Value it reads.</param>
/// <param name="weight">W.</param>
/// <param name="bias">Name of b, or null where the layer has none.</param>
/// <param name="addition">What an adapter adds, or null.</param>
internal sealed class LinearStep(int x, LinearWeight weight, string? bias, LinearAddition? addition) : Step(x)
{
    public override bool HasAdapter => addition is not null;

    public override string Forward(GraphScope scope, string[] x) => Finish(scope, weight.Product(scope, x[0]), addition?.Forward(scope, x[0]));

    /// <summary>dy = dx·Wᵀ + d(addition).</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var delta = addition?.Jvp(scope, x[0]);
        var product = weight.Product(scope, x[0]);
        return new Dual(Finish(scope, product.Primal, delta?.Primal), scope.Builder.AddOptional(product.Tangent, delta?.Tangent));
    }

    /// <summary>dx = dy·W + the addition's share.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var delta = addition?.Vjp(scope, x[0]);
        var y = Finish(scope, weight.Product(scope, x[0]), delta?.Value);
        return (y, Back);

        string?[] Back(string cotangent)
        {
            var through = delta?.Pullback(cotangent, active[0]);
            return [active[0] ? scope.Builder.AddOptional(weight.TransposedProduct(scope, cotangent), through) : null];
        }
    }

    // The bias comes last: ORT then fuses it with a GELU that follows.
    private string Finish(GraphScope scope, string product, string? delta)
    {
        var sum = scope.Builder.AddOptional(product, delta)!;
        return bias is null ? sum : scope.Builder.Add(sum, scope.Builder.Weight(bias));
    }
}
