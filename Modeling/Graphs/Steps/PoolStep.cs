using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>
/// One row per sequence, y = Σ_s w_s·x_s [n, width]: the mean over tokens (w = mask/Σ mask) or the first token (w = 1, 0, 0, …).
/// The step is linear, so its three rules are one product each.
/// </summary>
internal sealed class PoolStep(int x, int width, bool mean) : Step(x)
{
    public override string Forward(GraphScope scope, string[] x) => Pool(scope, x[0], tangents: false);

    public override Dual Jvp(GraphScope scope, Dual[] x) => new(Pool(scope, x[0].Primal, tangents: false), x[0].Tangent is { } dx ? Pool(scope, dx, tangents: true) : null);

    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        return (Forward(scope, x), Back);

        string?[] Back(string cotangent)
        {
            if (!active[0])
                return [null];
            var g = scope.Builder;
            var spread = g.Mul(g.Transpose(Weights(scope), 0, 2, 1), g.Unsqueeze(cotangent, 1)); // [n, S, 1]·[n, 1, width]
            return [g.Reshape(spread, -1, width)];
        }
    }

    private string Pool(GraphScope scope, string x, bool tangents)
    {
        var g = scope.Builder;
        var pooled = g.MatMul(Weights(scope), scope.ToSequences(x, tangents, width)); // [n, 1, S]·[.., n, S, width]
        return g.Node("Squeeze", [pooled, g.Integers(-2)]);
    }

    // [n, 1, S]
    private string Weights(GraphScope scope) => scope.Once("pool weights", () =>
    {
        var g = scope.Builder;
        var mask = scope.Mask ?? throw new InvalidOperationException("Pooling needs the attention mask.");
        if (mean)
            return g.Unsqueeze(g.Div(mask, g.RowSum(mask)), 1);
        // Right padding: the first token is never masked, so position 0 selects it.
        var sequenceLength = g.Node("Squeeze", [g.Size(mask, 1)]);
        var positions = g.Node("Range", [g.Integer(0), sequenceLength, g.Integer(1)]);
        var first = g.Node("Cast", [g.Node("Equal", [positions, g.Integer(0)])], ("to", (long)ElementType.Float));
        return g.Mul(g.Unsqueeze(mask, 1), first);
    });
}
