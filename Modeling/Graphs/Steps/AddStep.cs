using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs.Steps;

/// <summary>y = a + b: a residual connection.</summary>
internal sealed class AddStep(int a, int b) : Step(a, b)
{
    public override string Forward(GraphScope scope, string[] x) => scope.Builder.Add(x[0], x[1]);

    public override Dual Jvp(GraphScope scope, Dual[] x) =>
        new(scope.Builder.Add(x[0].Primal, x[1].Primal), scope.Builder.AddOptional(x[0].Tangent, x[1].Tangent));

    public override (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active) =>
        (Forward(scope, x), cotangent => [active[0] ? cotangent : null, active[1] ? cotangent : null]);
}
