using System.Collections.Concurrent;
using FwdLLM.Inference;

namespace FwdLLM.Bench.Learning;

/// <summary>Keeps features under an all-zero θ, where every LoRA-XS run begins, so that runs after the first need not compute them again.</summary>
internal sealed class StartFeatures(IModelRuntime inner) : IModelRuntime
{
    private readonly ConcurrentDictionary<TokenSequence, float[]> _kept = new(ReferenceEqualityComparer.Instance);

    public bool IsSmooth => inner.IsSmooth;

    public int Dimension => inner.Dimension;

    public int FeatureSize => inner.FeatureSize;

    public float[] Features(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, CancellationToken cancellation = default)
    {
        if (theta.ContainsAnyExcept(0f)) return inner.Features(batch, theta, cancellation);
        if (!batch.All(_kept.ContainsKey))
        {
            var fresh = inner.Features(batch, theta, cancellation);
            for (var i = 0; i < batch.Count; i++) _kept[batch[i]] = fresh.AsSpan(i * FeatureSize, FeatureSize).ToArray();
            return fresh;
        }

        return [.. batch.SelectMany(sequence => _kept[sequence])];
    }

    public FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation = default)
        => inner.Jvp(batch, theta, directions, cancellation);

    public float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation = default)
        => inner.Vjp(batch, theta, cotangents, cancellation);

    public void Dispose() => inner.Dispose();
}
