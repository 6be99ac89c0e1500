using System.Collections.Concurrent;
using FwdLLM.Inference;

namespace FwdLLM.Cli.Profiling;

/// <summary>
/// Keeps the features of texts under the adapter's start. Every kind of adapter starts as the unadapted model, so adapters of one
/// model may share what is kept: texts then pass forward once, whatever follows.
/// </summary>
/// <param name="inner">Computes what is not kept.</param>
/// <param name="start">θ at the start [d].</param>
/// <param name="kept">Features [H] of each text, by reference; shared with runtimes of the same model only.</param>
public sealed class StartFeatures(IModelRuntime inner, float[] start, ConcurrentDictionary<TokenSequence, float[]> kept) : IModelRuntime
{
    /// <summary>A store for the features of one model.</summary>
    public static ConcurrentDictionary<TokenSequence, float[]> Store() => new(ReferenceEqualityComparer.Instance);

    /// <inheritdoc/>
    public bool IsSmooth => inner.IsSmooth;

    /// <inheritdoc/>
    public int Dimension => inner.Dimension;

    /// <inheritdoc/>
    public int FeatureSize => inner.FeatureSize;

    /// <inheritdoc/>
    public float[] Features(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, CancellationToken cancellation = default)
    {
        if (!theta.SequenceEqual(start)) return inner.Features(batch, theta, cancellation);
        if (!batch.All(kept.ContainsKey))
        {
            var fresh = inner.Features(batch, theta, cancellation);
            for (var i = 0; i < batch.Count; i++) kept[batch[i]] = fresh.AsSpan(i * FeatureSize, FeatureSize).ToArray();
            return fresh;
        }

        return [.. batch.SelectMany(sequence => kept[sequence])];
    }

    /// <inheritdoc/>
    public FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation = default)
        => inner.Jvp(batch, theta, directions, cancellation);

    /// <inheritdoc/>
    public float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation = default)
        => inner.Vjp(batch, theta, cotangents, cancellation);

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}
