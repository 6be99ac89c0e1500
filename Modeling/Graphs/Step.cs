namespace FwdLLM.Modeling.Graphs;

/// <summary>Takes the cotangent of a step's output to the cotangents of its inputs; null where none is wanted or it is zero.</summary>
internal delegate string?[] Pullback(string cotangent);

/// <summary>
/// One operation of the encoder with its three rules. Values are rows, one per token: [n·S, width].
/// </summary>
/// <param name="inputs">Indices of the values that the step reads.</param>
internal abstract class Step(params int[] inputs)
{
    public IReadOnlyList<int> Inputs { get; } = inputs;

    /// <summary>The step itself depends on θ.</summary>
    public virtual bool HasAdapter => false;

    /// <summary>y = f(x, θ).</summary>
    public abstract string Forward(GraphScope scope, string[] x);

    /// <summary>(y, ∂f·(dx, dθ)) for K directions at once; a null tangent is zero.</summary>
    public abstract Dual Jvp(GraphScope scope, Dual[] x);

    /// <summary>y and the map from its cotangent to those of the inputs that are <paramref name="active"/>; gradients of θ go to the scope.</summary>
    public abstract (string Value, Pullback Pullback) Vjp(GraphScope scope, string[] x, bool[] active);
}
