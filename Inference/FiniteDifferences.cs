namespace FwdLLM.Inference;

/// <summary>
/// Directional derivatives of a loss by finite differences, features in float32 and the loss in double: the published estimator,
/// and the check of the exact one. One-sided with ε = 1e-4 or central with ε = 1e-3 suit float32 graphs (docs/inference.md).
/// A model that rounds its activations is refused: its loss is a staircase, and a difference counts steps.
/// </summary>
public static class FiniteDifferences
{
    /// <summary>(L(θ + εv) − L(θ))/ε for each of K directions: K + 1 forward passes.</summary>
    /// <param name="runtime">Model.</param>
    /// <param name="batch">n sequences.</param>
    /// <param name="theta">θ [d].</param>
    /// <param name="directions">[K, d].</param>
    /// <param name="epsilon">ε, positive.</param>
    /// <param name="loss">Loss.</param>
    /// <param name="cancellation">Checked between micro-batches.</param>
    /// <returns>[K].</returns>
    /// <exception cref="InferenceException">The model rounds its activations.</exception>
    public static double[] OneSided(IModelRuntime runtime, IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, double epsilon, HostLoss loss, CancellationToken cancellation = default)
    {
        var derivatives = new double[Check(runtime, theta, directions, epsilon)];
        var origin = loss(runtime.Features(batch, theta, cancellation), -1, 0);
        for (var k = 0; k < derivatives.Length; k++)
            derivatives[k] = (At(runtime, batch, theta, directions, k, epsilon, loss, cancellation) - origin) / epsilon;
        return derivatives;
    }

    /// <summary>(L(θ + εv) − L(θ − εv))/2ε for each of K directions: 2K forward passes.</summary>
    /// <param name="runtime">Model.</param>
    /// <param name="batch">n sequences.</param>
    /// <param name="theta">θ [d].</param>
    /// <param name="directions">[K, d].</param>
    /// <param name="epsilon">ε, positive.</param>
    /// <param name="loss">Loss.</param>
    /// <param name="cancellation">Checked between micro-batches.</param>
    /// <returns>[K].</returns>
    /// <exception cref="InferenceException">The model rounds its activations.</exception>
    public static double[] Central(IModelRuntime runtime, IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, double epsilon, HostLoss loss, CancellationToken cancellation = default)
    {
        var derivatives = new double[Check(runtime, theta, directions, epsilon)];
        for (var k = 0; k < derivatives.Length; k++)
        {
            var plus = At(runtime, batch, theta, directions, k, epsilon, loss, cancellation);
            var minus = At(runtime, batch, theta, directions, k, -epsilon, loss, cancellation);
            derivatives[k] = (plus - minus) / (2 * epsilon);
        }

        return derivatives;
    }

    private static double At(IModelRuntime runtime, IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, int k, double step, HostLoss loss, CancellationToken cancellation)
    {
        var moved = new float[theta.Length];
        for (var index = 0; index < moved.Length; index++)
            moved[index] = (float)(theta[index] + step * directions[k * moved.Length + index]);
        return loss(runtime.Features(batch, moved, cancellation), k, step);
    }

    private static int Check(IModelRuntime runtime, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, double epsilon)
    {
        if (!(double.IsFinite(epsilon) && epsilon > 0))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "ε must be a positive number.");
        if (!runtime.IsSmooth)
            throw new InferenceException("This model rounds its activations to 8 bits, so its loss is a staircase and finite differences of it are noise. Use the exact estimator, jvp, or compile the model in a precision that rounds weights only (float32, int8-weights, int4).");
        ArgumentGuard.Vector(theta, runtime.Dimension, nameof(theta), "θ");
        var count = Math.Max(1, directions.Length / runtime.Dimension);
        ArgumentGuard.Vector(directions, (long)count * runtime.Dimension, nameof(directions), "The matrix of directions [K, d]");
        return count;
    }
}
