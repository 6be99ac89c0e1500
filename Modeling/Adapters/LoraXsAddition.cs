using FwdLLM.Learning;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// LoRA-XS (arXiv 2405.17604): addition ((x·(ΣVᵀ)ᵀ)·Rᵀ)·Uᵀ with U [out, r] and ΣVᵀ [r, in] from the truncated singular value
/// decomposition of the layer's own weight, frozen; only R [r, r] is trained, from zero.
/// </summary>
/// <param name="module">Layer.</param>
/// <param name="rank">r.</param>
/// <param name="inputSize">in.</param>
/// <param name="outputSize">out.</param>
/// <param name="firstBlock">Index of R's block.</param>
/// <param name="factors">The decomposed weight; asked for when the frozen tensors are written.</param>
internal sealed class LoraXsAddition(string module, int rank, int inputSize, int outputSize, int firstBlock, Lazy<TruncatedSvd>? factors)
    : LinearAddition(module, rank, inputSize, outputSize, firstBlock)
{
    public override IReadOnlyList<AdapterParameter> Parameters => [new(Module + ".R", [Rank, Rank], 0)];

    public override string Forward(GraphScope scope, string x)
    {
        var g = scope.Builder;
        // Rᵀ·Uᵀ first: r·r·out products once a run instead of r·r for every row.
        var up = g.MatMul(MiddleTransposed(scope), g.Weight(Module + ".Ut"));
        return g.MatMul(g.MatMul(x, g.Weight(Module + ".SVtT")), up);
    }

    /// <summary>z = x·(ΣVᵀ)ᵀ; tangent (dz·Rᵀ + z·dRᵀ)·Uᵀ.</summary>
    public override Dual Jvp(GraphScope scope, Dual x)
    {
        var g = scope.Builder;
        var (z, dz) = Project(scope, x);
        var dm = g.MatMul(z, g.Transpose(g.Reshape(scope.Directions(FirstBlock), -1, Rank, Rank), 0, 2, 1)); // [K, rows, r]
        if (dz is not null)
            dm = g.Add(dm, g.MatMul(dz, MiddleTransposed(scope)));
        return new Dual(g.MatMul(g.MatMul(z, MiddleTransposed(scope)), g.Weight(Module + ".Ut")), g.MatMul(dm, g.Weight(Module + ".Ut")));
    }

    /// <summary>dm = dy·U; dR = dmᵀ·z; share of dx = dm·R·ΣVᵀ.</summary>
    public override (string Value, Func<string, bool, string?> Pullback) Vjp(GraphScope scope, string x)
    {
        var g = scope.Builder;
        var z = g.MatMul(x, g.Weight(Module + ".SVtT"));
        var m = g.MatMul(z, MiddleTransposed(scope));
        return (g.MatMul(m, g.Weight(Module + ".Ut")), Back);

        string? Back(string cotangent, bool wanted)
        {
            var dm = g.MatMul(cotangent, g.Transpose(g.Weight(Module + ".Ut"), 1, 0));
            scope.AddGradient(FirstBlock, g.TransposedMatMul(dm, z));
            return wanted ? g.MatMul(g.MatMul(dm, Middle(scope)), g.Transpose(g.Weight(Module + ".SVtT"), 1, 0)) : null;
        }
    }

    public override void WriteFrozen(WeightFile graphWeights, WeightFile exportFactors)
    {
        var svd = (factors ?? throw new InvalidOperationException($"The factors of '{Module}' are not at hand.")).Value;
        graphWeights.Add(Module + ".Ut", Matrices.Transpose(svd.U, Out, Rank), Rank, Out);
        graphWeights.Add(Module + ".SVtT", Matrices.Transpose(svd.ScaledVt, Rank, In), In, Rank);
        exportFactors.Add(Module + ".U", svd.U, Out, Rank);
        exportFactors.Add(Module + ".SVt", svd.ScaledVt, Rank, In);
    }

    /// <summary>B = U·R, A = ΣVᵀ, scaling 1.</summary>
    public override LoraModule ToLora(ReadOnlySpan<float> theta, AdapterLayout layout, Func<string, float[]> frozen)
    {
        var r = theta.Slice(layout.Blocks[FirstBlock].Offset, Rank * Rank);
        var u = frozen(Module + ".U");
        var b = new float[Out * Rank];
        for (var row = 0; row < Out; row++)
            for (var column = 0; column < Rank; column++)
            {
                var sum = 0.0;
                for (var k = 0; k < Rank; k++)
                    sum += (double)u[row * Rank + k] * r[k * Rank + column];
                b[row * Rank + column] = (float)sum;
            }

        return new LoraModule(Module, Rank, 1, frozen(Module + ".SVt"), b, In, Out);
    }

    private (string Z, string? Dz) Project(GraphScope scope, Dual x)
    {
        var g = scope.Builder;
        var down = g.Weight(Module + ".SVtT");
        if (x.Tangent is null)
            return (g.MatMul(x.Primal, down), null);
        var stacked = g.MatMul(scope.Stack(x), down); // [K+1, rows, r]
        return (g.Item(stacked, 0), g.Tail(stacked, 1));
    }

    private string Middle(GraphScope scope) => scope.Once(Module + " R", () => scope.Builder.Reshape(scope.Theta(FirstBlock), Rank, Rank));

    private string MiddleTransposed(GraphScope scope) => scope.Once(Module + " Rt", () => scope.Builder.Transpose(Middle(scope), 1, 0));
}
