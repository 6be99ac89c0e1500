using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>How much of each token goes into a sequence's row: [n, 1, S].</summary>
internal delegate string PoolWeightsRule(GraphScope scope);

/// <summary>The ways to weigh tokens.</summary>
internal static class PoolWeights
{
    /// <summary>w = mask/Σ mask.</summary>
    public static string Mean(GraphScope scope) => scope.Once("mean pool weights", () =>
        scope.Builder.Unsqueeze(scope.Builder.Div(Mask(scope), scope.Builder.RowSum(Mask(scope))), 1));

    /// <summary>w = 1, 0, 0, … Right padding: the first token is never masked, so position 0 selects it.</summary>
    public static string First(GraphScope scope) => scope.Once("first pool weights", () =>
    {
        var g = scope.Builder;
        var sequenceLength = g.Node("Squeeze", [g.Size(Mask(scope), 1)]);
        var positions = g.Node("Range", [g.Integer(0), sequenceLength, g.Integer(1)]);
        var first = g.Node("Cast", [g.Node("Equal", [positions, g.Integer(0)])], ("to", (long)ElementType.Float32));
        return g.Mul(g.Unsqueeze(Mask(scope), 1), first);
    });

    /// <summary>w = 1 at the last token of the sequence, 0 elsewhere.</summary>
    public static string Last(GraphScope scope) => scope.Once("last pool weights", () =>
    {
        var g = scope.Builder;
        var last = g.Sub(g.Node("Cast", [g.RowSum(Mask(scope))], ("to", (long)ElementType.Int64)), g.Integer(1)); // [n, 1]
        var weights = g.Node("Cast", [g.Node("Equal", [scope.Positions(), last])], ("to", (long)ElementType.Float32)); // [n, S]
        return g.Unsqueeze(weights, 1);
    });

    private static string Mask(GraphScope scope) => scope.Mask ?? throw new InvalidOperationException("Pooling needs the attention mask.");
}
