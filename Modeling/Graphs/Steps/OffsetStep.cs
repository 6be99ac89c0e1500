using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = x + b with b, a block of θ.</summary>
/// <param name="x">Value it reads.</param>
/// <param name="block">Index of b [width].</param>
/// <param name="width">Width of the rows.</param>
internal sealed class OffsetStep(int x, int block, int width) : Step(x)
{
    public override bool HasAdapter => true;

    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Add(x[0], scope.Theta(block));

    /// <summary>dy = dx + db, the same in every row.</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var db = g.Reshape(scope.Directions(block), -1, 1, width); // [K, 1, width]
        // Rows of a pooled value are fewer than tokens: the value's own shape says how many.
        return new Dual(Forward(scope, [x[0].Primal]), x[0].Tangent is { } dx ? g.Add(dx, db) : g.Node("Expand", [db, g.Node("Shape", [x[0].Primal])]));
    }

    /// <summary>db = Σ over rows of dy; dx = dy.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        return (Forward(scope, x), Back);

        string?[] Back(string cotangent)
        {
            scope.AddGradient(block, scope.Builder.ColumnSum(cotangent));
            return [active[0] ? cotangent : null];
        }
    }
}
