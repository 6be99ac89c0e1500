using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = x∘(1 + s) with s, a block of θ.</summary>
/// <param name="x">Value it reads.</param>
/// <param name="block">Index of s [width].</param>
/// <param name="width">Width of the rows.</param>
internal sealed class ScaleStep(int x, int block, int width) : Step(x)
{
    public override bool HasAdapter => true;

    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Mul(x[0], Factor(scope));

    /// <summary>dy = x∘ds + dx∘(1 + s).</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var ofBlock = g.Mul(x[0].Primal, g.Reshape(scope.Directions(block), -1, 1, width)); // [K, rows, width]
        return new Dual(Forward(scope, [x[0].Primal]), g.AddOptional(ofBlock, x[0].Tangent is { } dx ? g.Mul(dx, Factor(scope)) : null));
    }

    /// <summary>ds = Σ over rows of dy∘x; dx = dy∘(1 + s).</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        return (Forward(scope, x), Back);

        string?[] Back(string cotangent)
        {
            scope.AddGradient(block, g.ColumnSum(g.Mul(cotangent, x[0])));
            return [active[0] ? g.Mul(cotangent, Factor(scope)) : null];
        }
    }

    private string Factor(GraphScope scope) => scope.Once($"1 + θ {block}", () => scope.Builder.Add(scope.Theta(block), scope.Builder.Scalar(1)));
}
