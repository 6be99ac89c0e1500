using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>Multi-head self-attention: P = softmax(Q·Kᵀ/√size + mask), C = P·V, per head. Inputs are query, key and value rows of equally many heads.</summary>
internal sealed class AttentionStep(int query, int key, int value, int heads, int headSize, ScoreMaskRule mask) : Step(query, key, value)
{
    private readonly float _scale = (float)(1 / Math.Sqrt(headSize));

    public override string Forward(GraphScope scope, string[] x)
    {
        var (q, k, v) = (Split(scope, x[0]), Split(scope, x[1]), Split(scope, x[2]));
        return Join(scope, scope.Builder.MatMul(Weights(scope, q, k), v));
    }

    /// <summary>dS = (dQ·Kᵀ + Q·dKᵀ)/√size; dP = P∘(dS − Σ P∘dS); dC = dP·V + P·dV.</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var (q, k, v) = (Split(scope, x[0].Primal), Split(scope, x[1].Primal), Split(scope, x[2].Primal));
        var p = Weights(scope, q, k);
        var c = Join(scope, g.MatMul(p, v));

        var fromQuery = Split(scope, x[0]) is { } dq ? g.Mul(g.MatMul(dq, Flip(g, k)), _scale) : null;
        var fromKey = Split(scope, x[1]) is { } dk ? g.Mul(g.MatMul(q, g.Transpose(dk, 0, 1, 2, 4, 3)), _scale) : null;
        var throughWeights = g.AddOptional(fromQuery, fromKey) is { } ds ? g.MatMul(SoftmaxDerivative(g, p, ds), v) : null;
        var throughValue = Split(scope, x[2]) is { } dv ? g.MatMul(p, dv) : null;
        var dc = g.AddOptional(throughWeights, throughValue);
        return new Dual(c, dc is null ? null : scope.ToRows(dc, tangents: true, heads * headSize));
    }

    /// <summary>dV = Pᵀ·dC; dP = dC·Vᵀ; dS = P∘(dP − Σ P∘dP); dQ = dS·K/√size; dK = dSᵀ·Q/√size.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        var (q, k, v) = (Split(scope, x[0]), Split(scope, x[1]), Split(scope, x[2]));
        var p = Weights(scope, q, k);
        return (Join(scope, g.MatMul(p, v)), Back);

        string?[] Back(string cotangent)
        {
            var dc = Split(scope, cotangent);
            var ds = active[0] || active[1] ? g.Mul(SoftmaxDerivative(g, p, g.MatMul(dc, Flip(g, v))), _scale) : null;
            return
            [
                active[0] ? Join(scope, g.MatMul(ds!, k)) : null,
                active[1] ? Join(scope, g.MatMul(Flip(g, ds!), q)) : null,
                active[2] ? Join(scope, g.MatMul(Flip(g, p), dc)) : null,
            ];
        }
    }

    private string Weights(GraphScope scope, string q, string k)
    {
        var g = scope.Builder;
        var scores = g.Mul(g.MatMul(q, Flip(g, k)), _scale);
        return g.Node("Softmax", [g.AddOptional(scores, mask(scope))!], ("axis", -1));
    }

    // The softmax's derivative is symmetric: the same product serves tangents and cotangents.
    private static string SoftmaxDerivative(GraphBuilder g, string p, string d) => g.Mul(p, g.Sub(d, g.RowSum(g.Mul(p, d))));

    private static string Flip(GraphBuilder g, string x) => g.Transpose(x, 0, 1, 3, 2);

    private string Split(GraphScope scope, string rows) => scope.ToHeads(rows, tangents: false, heads, headSize);

    private string? Split(GraphScope scope, Dual x) => x.Tangent is null ? null : scope.ToHeads(x.Tangent, tangents: true, heads, headSize);

    private string Join(GraphScope scope, string parts) => scope.ToRows(parts, tangents: false, heads * headSize);
}
