using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>
/// Rotary positions (arXiv 2104.09864), [rows, heads·size]: in every head, pair (i, i + size/2) turns by the token's position
/// times frequency i. The step is linear and its transpose turns back, so its three rules are one rotation each.
/// </summary>
internal sealed class RotaryStep(int x, int heads, int headSize, RotaryConfig rotary) : Step(x)
{
    public override string Forward(GraphScope scope, string[] x) => Rotate(scope, x[0], tangents: false, back: false);

    public override Dual Jvp(GraphScope scope, Dual[] x) =>
        new(Forward(scope, [x[0].Primal]), x[0].Tangent is { } dx ? Rotate(scope, dx, tangents: true, back: false) : null);

    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active) =>
        (Forward(scope, x), cotangent => [active[0] ? Rotate(scope, cotangent, tangents: false, back: true) : null]);

    /// <summary>(a, b) → (a·cos − b·sin, b·cos + a·sin); back turns by the negative angle.</summary>
    private string Rotate(GraphScope scope, string x, bool tangents, bool back)
    {
        var g = scope.Builder;
        var (cos, sin) = (Table(scope, "Cos"), Table(scope, "Sin"));
        var halves = g.Node("Split", [scope.ToPositions(x, tangents, heads, headSize)], 2, ("axis", -1));
        var (a, b) = (halves[0], halves[1]);
        var (ac, bs, bc, sa) = (g.Mul(a, cos), g.Mul(b, sin), g.Mul(b, cos), g.Mul(a, sin));
        var turned = back ? g.Concat(-1, g.Add(ac, bs), g.Sub(bc, sa)) : g.Concat(-1, g.Sub(ac, bs), g.Add(bc, sa));
        return scope.FromPositions(turned, tangents, heads * headSize);
    }

    /// <summary>cos or sin of position times frequency, [S, 1, size/2].</summary>
    private string Table(GraphScope scope, string function) => scope.Once($"rotary {function}", () => scope.Builder.Apply(function, scope.Once("rotary angles", () =>
    {
        var g = scope.Builder;
        var positions = g.Node("Cast", [scope.Positions()], ("to", (long)ElementType.Float32));
        var frequencies = g.Floats([.. rotary.Frequencies(headSize).Select(frequency => (float)frequency)]);
        return g.Mul(g.Unsqueeze(positions, 1, 2), frequencies);
    })));
}
