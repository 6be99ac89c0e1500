using FwdLLM.Learning;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// LoRA (arXiv 2106.09685): addition (α/r)·(x·Aᵀ)·Bᵀ with A [r, in] and B [out, r] trained. A starts uniform in ±1/√in
/// (Kaiming with a = √5), B at zero.
/// </summary>
internal sealed class LoraAddition(string module, int rank, int inputSize, int outputSize, int firstBlock, float scaling)
    : LinearAddition(module, rank, inputSize, outputSize, firstBlock)
{
    public override IReadOnlyList<AdapterParameter> Parameters =>
    [
        new(Module + ".lora_A", [Rank, In], (float)(1 / Math.Sqrt(In)), Module + PeftExporter.SuffixA),
        new(Module + ".lora_B", [Out, Rank], 0, Module + PeftExporter.SuffixB),
    ];

    public override string Forward(GraphScope scope, string x) => scope.Builder.MatMul(scope.Builder.MatMul(x, DownTransposed(scope)), UpTransposed(scope));

    /// <summary>p = x·Aᵀ, dp = dx·Aᵀ + x·dAᵀ; tangent dp·(sB)ᵀ + p·(s·dB)ᵀ.</summary>
    public override Dual Jvp(GraphScope scope, Dual x)
    {
        var g = scope.Builder;
        var p = g.MatMul(x.Primal, DownTransposed(scope)); // [rows, r]
        // All K products x·dAᵀ in one GEMM of K·r columns.
        var allDown = g.Transpose(g.Reshape(scope.Directions(FirstBlock), -1, In), 1, 0); // [in, K·r]
        var dp = g.Transpose(g.Reshape(g.MatMul(x.Primal, allDown), g.Concat(0, scope.Rows(), g.Integers(-1, Rank))), 1, 0, 2); // [K, rows, r]
        if (x.Tangent is { } dx)
            dp = g.Add(dp, g.MatMul(dx, DownTransposed(scope)));
        var dUp = g.Transpose(g.Mul(g.Reshape(scope.Directions(FirstBlock + 1), -1, Out, Rank), scaling), 0, 2, 1); // [K, r, out]
        var up = UpTransposed(scope);
        return new Dual(g.MatMul(p, up), g.Add(g.MatMul(dp, up), g.MatMul(p, dUp)));
    }

    /// <summary>dp = dy·sB; dB = s·dyᵀ·p; dA = dpᵀ·x; share of dx = dp·A.</summary>
    public override (string Value, Func<string, bool, string?> Pullback) Vjp(GraphScope scope, string x)
    {
        var g = scope.Builder;
        var p = g.MatMul(x, DownTransposed(scope));
        return (g.MatMul(p, UpTransposed(scope)), Back);

        string? Back(string cotangent, bool wanted)
        {
            var dp = g.MatMul(cotangent, Up(scope));
            scope.AddGradient(FirstBlock, g.TransposedMatMul(dp, x));
            scope.AddGradient(FirstBlock + 1, g.Mul(g.TransposedMatMul(cotangent, p), scaling));
            return wanted ? g.MatMul(dp, Down(scope)) : null;
        }
    }

    public override void WriteFrozen(WeightFile graphWeights, WeightFile exportFactors)
    {
    }

    public override LoraModule ToLora(ReadOnlySpan<float> theta, AdapterLayout layout, Func<string, float[]> frozen)
    {
        var (a, b) = (layout.Blocks[FirstBlock], layout.Blocks[FirstBlock + 1]);
        return new LoraModule(Module, Rank, scaling, theta.Slice(a.Offset, a.Length).ToArray(), theta.Slice(b.Offset, b.Length).ToArray(), In, Out);
    }

    private string Down(GraphScope scope) => scope.Once(Module + " A", () => scope.Builder.Reshape(scope.Theta(FirstBlock), Rank, In));

    private string DownTransposed(GraphScope scope) => scope.Once(Module + " At", () => scope.Builder.Transpose(Down(scope), 1, 0));

    /// <summary>s·B [out, r].</summary>
    private string Up(GraphScope scope) => scope.Once(Module + " B", () => scope.Builder.Mul(scope.Builder.Reshape(scope.Theta(FirstBlock + 1), Out, Rank), scaling));

    private string UpTransposed(GraphScope scope) => scope.Once(Module + " Bt", () => scope.Builder.Transpose(Up(scope), 1, 0));
}
