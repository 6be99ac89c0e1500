using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>What is added to attention scores [n, heads, S, S] so that a query does not see a position; null where every position is seen.</summary>
internal delegate string? ScoreMaskRule(GraphScope scope);

/// <summary>The rules of visibility.</summary>
internal static class ScoreMask
{
    /// <summary>Added to an unseen score: e^(−10⁹) is exactly zero in float32.</summary>
    private const float Unseen = -1e9f;

    /// <summary>Every query sees all tokens and no padding; [n, 1, 1, S].</summary>
    public static string? Padding(GraphScope scope) => scope.Mask is { } mask
        ? scope.Once("padding score mask", () => scope.Builder.Unsqueeze(scope.Builder.Mul(scope.Builder.Sub(scope.Builder.Scalar(1), mask), Unseen), 1, 2))
        : null;

    /// <summary>A query sees itself and what comes before it, [S, S]. Padding comes last, so that no token sees it.</summary>
    public static string? Causal(GraphScope scope) => scope.Once("causal score mask", () =>
    {
        var g = scope.Builder;
        var later = g.Node("Less", [g.Unsqueeze(scope.Positions(), 1), scope.Positions()]);
        return g.Mul(g.Node("Cast", [later], ("to", (long)ElementType.Float32)), Unseen);
    });
}
