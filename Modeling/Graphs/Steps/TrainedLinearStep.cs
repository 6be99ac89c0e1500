using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = x·Wᵀ + b with W and b both in θ.</summary>
/// <param name="x">Value it reads.</param>
/// <param name="block">Index of W [out, in]; b [out] is the block after it.</param>
/// <param name="inputSize">in.</param>
/// <param name="outputSize">out.</param>
internal sealed class TrainedLinearStep(int x, int block, int inputSize, int outputSize) : Step(x)
{
    public override bool HasAdapter => true;

    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Add(scope.Builder.MatMul(x[0], Transposed(scope)), scope.Theta(block + 1));

    /// <summary>dy = x·dWᵀ + db + dx·Wᵀ.</summary>
    public override Dual Jvp(GraphScope scope, Dual[] x)
    {
        var g = scope.Builder;
        var directions = g.Transpose(g.Reshape(scope.Directions(block), -1, outputSize, inputSize), 0, 2, 1); // [K, in, out]
        var dy = g.Add(g.MatMul(x[0].Primal, directions), g.Reshape(scope.Directions(block + 1), -1, 1, outputSize)); // [K, rows, out]
        return new Dual(Forward(scope, [x[0].Primal]), g.AddOptional(dy, x[0].Tangent is { } dx ? g.MatMul(dx, Transposed(scope)) : null));
    }

    /// <summary>dW = dyᵀ·x; db = Σ over rows of dy; dx = dy·W.</summary>
    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active)
    {
        var g = scope.Builder;
        return (Forward(scope, x), Back);

        string?[] Back(string cotangent)
        {
            scope.AddGradient(block, g.TransposedMatMul(cotangent, x[0]));
            scope.AddGradient(block + 1, g.ColumnSum(cotangent));
            return [active[0] ? g.MatMul(cotangent, Weight(scope)) : null];
        }
    }

    private string Weight(GraphScope scope) => scope.Once($"W {block}", () => scope.Builder.Reshape(scope.Theta(block), outputSize, inputSize));

    private string Transposed(GraphScope scope) => scope.Once($"Wt {block}", () => scope.Builder.Transpose(Weight(scope), 1, 0));
}
