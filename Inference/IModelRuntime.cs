namespace FwdLLM.Inference;

/// <summary>
/// A compiled model ready to run. Features are what the task's linear head reads, [f, H]: one row per sequence, its mean-pooled or
/// pooler output, f = n; or with <c>PoolingKind.Tokens</c> one per token, those of the first sequence first, padding left out, f = Σ tokens.
/// The head itself (standardisation, linear layer, softmax, loss) is computed on the host: see <c>FwdLLM.Learning.Heads</c>.
/// Every method groups the batch into micro-batches by length under the memory budget; the grouping depends only on the
/// arguments, so equal arguments give equal bits. Thread-safe.
/// </summary>
public interface IModelRuntime : IDisposable
{
    /// <summary>d, the adapter's dimension.</summary>
    int Dimension { get; }

    /// <summary>H, the length of one row of features.</summary>
    int FeatureSize { get; }

    /// <summary>Whether features change smoothly with θ. Where they do not, finite differences are refused: see <see cref="FiniteDifferences"/>.</summary>
    bool IsSmooth => true;

    /// <summary>Features of each example under adapter θ: [f, H], row-major.</summary>
    float[] Features(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, CancellationToken cancellation = default);

    /// <summary>Features and their tangents along K directions of θ: exact Jacobian–vector products.</summary>
    /// <param name="batch">n sequences.</param>
    /// <param name="theta">θ [d].</param>
    /// <param name="directions">K directions [K, d], row-major.</param>
    /// <param name="cancellation">Checked between micro-batches.</param>
    /// <returns>Features [f, H] and tangents [K, f, H].</returns>
    FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation = default);

    /// <summary>Σ over examples of (∂features/∂θ)ᵀ·cotangent: the exact gradient, for tests, benchmarks and the server's profiler.</summary>
    /// <param name="batch">n sequences.</param>
    /// <param name="theta">θ [d].</param>
    /// <param name="cotangents">[f, H].</param>
    /// <param name="cancellation">Checked between micro-batches.</param>
    /// <returns>[d].</returns>
    float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation = default);
}

/// <summary>Result of <see cref="IModelRuntime.Jvp"/>.</summary>
/// <param name="Features">[f, H].</param>
/// <param name="Tangents">[K, f, H].</param>
public sealed record FeatureTangents(float[] Features, float[] Tangents);
