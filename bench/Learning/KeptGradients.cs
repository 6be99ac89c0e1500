using System.Collections.Concurrent;
using FwdLLM.Inference;

namespace FwdLLM.Bench.Learning;

/// <summary>Keeps the features and gradients of the last θ: waves of one round repeat batch and θ, and only their directions are new.</summary>
internal sealed class KeptGradients(IModelRuntime inner) : IModelRuntime
{
    private readonly Lock _lock = new();
    private ConcurrentDictionary<TokenSequence, (TokenSequence[] Batch, float[] Features)> _features = new(ReferenceEqualityComparer.Instance);
    private ConcurrentDictionary<TokenSequence, (TokenSequence[] Batch, float[] Cotangents, float[] Gradient)> _gradients = new(ReferenceEqualityComparer.Instance);
    private float[] _theta = [];

    public bool IsSmooth => inner.IsSmooth;

    public int Dimension => inner.Dimension;

    public int FeatureSize => inner.FeatureSize;

    public float[] Features(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, CancellationToken cancellation = default)
    {
        Renew(theta);
        if (_features.TryGetValue(batch[0], out var kept) && Same(batch, kept.Batch))
            return kept.Features;
        var features = inner.Features(batch, theta, cancellation);
        _features[batch[0]] = ([.. batch], features);
        return features;
    }

    public FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation = default)
        => inner.Jvp(batch, theta, directions, cancellation);

    public float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation = default)
    {
        Renew(theta);
        if (_gradients.TryGetValue(batch[0], out var kept) && Same(batch, kept.Batch) && cotangents.SequenceEqual(kept.Cotangents))
            return kept.Gradient;
        var gradient = inner.Vjp(batch, theta, cotangents, cancellation);
        _gradients[batch[0]] = ([.. batch], cotangents.ToArray(), gradient);
        return gradient;
    }

    public void Dispose() => inner.Dispose();

    private static bool Same(IReadOnlyList<TokenSequence> batch, TokenSequence[] kept)
        => batch.Count == kept.Length && !batch.Where((sequence, i) => !ReferenceEquals(sequence, kept[i])).Any();

    private void Renew(ReadOnlySpan<float> theta)
    {
        lock (_lock)
        {
            if (theta.SequenceEqual(_theta))
                return;
            (_theta, _features, _gradients) = (theta.ToArray(), new(ReferenceEqualityComparer.Instance), new(ReferenceEqualityComparer.Instance));
        }
    }
}
