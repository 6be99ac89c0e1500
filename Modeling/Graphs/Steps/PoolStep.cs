using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>
/// One row per sequence, y = Σ_s w_s·x_s [n, width], with the weights of a <see cref="PoolWeights"/>.
/// The step is linear, so its three rules are one product each.
/// </summary>
internal sealed class PoolStep(int x, int width, PoolWeightsRule weights) : Step(x)
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
            var spread = g.Mul(g.Transpose(weights(scope), 0, 2, 1), g.Unsqueeze(cotangent, 1)); // [n, S, 1]·[n, 1, width]
            return [g.Reshape(spread, -1, width)];
        }
    }

    private string Pool(GraphScope scope, string x, bool tangents)
    {
        var g = scope.Builder;
        var pooled = g.MatMul(weights(scope), scope.ToSequences(x, tangents, width)); // [n, 1, S]·[.., n, S, width]
        return g.Node("Squeeze", [pooled, g.Integers(-2)]);
    }
}
