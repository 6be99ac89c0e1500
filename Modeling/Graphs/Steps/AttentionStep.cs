using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>
/// Multi-head self-attention: P = softmax(Q·Kᵀ/√size + mask), C = P·V, per head. Inputs are query rows of all heads, key and value
/// rows of <paramref name="keyValueHeads"/> heads, each for a group of as many neighbouring query heads (arXiv 2305.13245). The queries
/// of a group stand below each other, [n, key heads, group·S, size], so that every rule is that of one key head.
/// </summary>
internal sealed class AttentionStep(int query, int key, int value, int heads, int keyValueHeads, int headSize, ScoreMaskRule mask) : Step(query, key, value)
{
    private readonly float _scale = (float)(1 / Math.Sqrt(headSize));

    private bool Grouped => keyValueHeads < heads;

    public override string Forward(GraphScope scope, string[] x)
    {
        var (q, k, v) = (Queries(scope, x[0]), Keys(scope, x[1]), Keys(scope, x[2]));
        return JoinQueries(scope, scope.Builder.MatMul(Weights(scope, q, k), v));
    }

    /// <summary>dS = (dQ·Kᵀ + Q·dKᵀ)/√size; dP = P∘(dS − Σ P∘dS); dC = dP·V + P·dV.</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var (q, k, v) = (Queries(scope, x[0].Primal), Keys(scope, x[1].Primal), Keys(scope, x[2].Primal));
        var p = Weights(scope, q, k);
        var c = JoinQueries(scope, g.MatMul(p, v));

        var fromQuery = Queries(scope, x[0]) is { } dq ? g.Mul(g.MatMul(dq, Flip(g, k)), _scale) : null;
        var fromKey = Keys(scope, x[1]) is { } dk ? g.Mul(g.MatMul(q, g.Transpose(dk, 0, 1, 2, 4, 3)), _scale) : null;
        var throughWeights = g.AddOptional(fromQuery, fromKey) is { } ds ? g.MatMul(SoftmaxDerivative(g, p, ds), v) : null;
        var throughValue = Keys(scope, x[2]) is { } dv ? g.MatMul(p, dv) : null;
        var dc = g.AddOptional(throughWeights, throughValue);
        return new Dual(c, dc is null ? null : JoinQueries(scope, dc, tangents: true));
    }

    /// <summary>dV = Pᵀ·dC; dP = dC·Vᵀ; dS = P∘(dP − Σ P∘dP); dQ = dS·K/√size; dK = dSᵀ·Q/√size.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        var (q, k, v) = (Queries(scope, x[0]), Keys(scope, x[1]), Keys(scope, x[2]));
        var p = Weights(scope, q, k);
        return (JoinQueries(scope, g.MatMul(p, v)), Back);

        string?[] Back(string cotangent)
        {
            var dc = Queries(scope, cotangent);
            var ds = active[0] || active[1] ? g.Mul(SoftmaxDerivative(g, p, g.MatMul(dc, Flip(g, v))), _scale) : null;
            return
            [
                active[0] ? JoinQueries(scope, g.MatMul(ds!, k)) : null,
                active[1] ? JoinKeys(scope, g.MatMul(Flip(g, ds!), q)) : null,
                active[2] ? JoinKeys(scope, g.MatMul(Flip(g, p), dc)) : null,
            ];
        }
    }

    private string Weights(GraphScope scope, string q, string k)
    {
        var g = scope.Builder;
        var scores = g.Mul(g.MatMul(q, Flip(g, k)), _scale);
        if (mask(scope) is { } unseen)
            scores = Grouped ? g.Reshape(g.Add(g.Reshape(scores, 0, heads, -1, 0), unseen), 0, keyValueHeads, -1, 0) : g.Add(scores, unseen);
        return g.Node("Softmax", [scores], ("axis", -1));
    }

    // The softmax's derivative is symmetric: the same product serves tangents and cotangents.
    private static string SoftmaxDerivative(GraphBuilder g, string p, string d) => g.Mul(p, g.Sub(d, g.RowSum(g.Mul(p, d))));

    private static string Flip(GraphBuilder g, string x) => g.Transpose(x, 0, 1, 3, 2);

    private string? Queries(GraphScope scope, Dual x) => x.Tangent is null ? null : Queries(scope, x.Tangent, tangents: true);

    private string Queries(GraphScope scope, string rows, bool tangents = false)
    {
        var parts = scope.ToHeads(rows, tangents, heads, headSize);
        return Grouped ? Regroup(scope, parts, tangents, keyValueHeads) : parts;
    }

    private string? Keys(GraphScope scope, Dual x) => x.Tangent is null ? null : scope.ToHeads(x.Tangent, tangents: true, keyValueHeads, headSize);

    private string Keys(GraphScope scope, string rows) => scope.ToHeads(rows, tangents: false, keyValueHeads, headSize);

    private string JoinQueries(GraphScope scope, string parts, bool tangents = false) =>
        scope.ToRows(Grouped ? Regroup(scope, parts, tangents, heads) : parts, tangents, heads * headSize);

    private string JoinKeys(GraphScope scope, string parts) => scope.ToRows(parts, tangents: false, keyValueHeads * headSize);

    // A zero in Reshape's shape keeps that axis.
    private string Regroup(GraphScope scope, string parts, bool tangents, int count) =>
        tangents ? scope.Builder.Reshape(parts, 0, 0, count, -1, headSize) : scope.Builder.Reshape(parts, 0, count, -1, headSize);
}
