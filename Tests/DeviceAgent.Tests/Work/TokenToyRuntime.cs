using FwdLLM.Inference;

namespace FwdLLM.DeviceAgent.Tests.Work;

/// <summary>The toy model with a row of features for every token: each is what <see cref="ToyRuntime"/> makes of a text of that number.</summary>
internal sealed class TokenToyRuntime(int tokens) : IModelRuntime
{
    private readonly ToyRuntime _inner = new(tokens);

    public int Dimension => _inner.Dimension;

    public int FeatureSize => _inner.FeatureSize;

    public float[] Features(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, CancellationToken cancellation = default) => _inner.Features(Tokens(batch), theta, cancellation);

    public FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation = default) =>
        _inner.Jvp(Tokens(batch), theta, directions, cancellation);

    public float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation = default) =>
        _inner.Vjp(Tokens(batch), theta, cotangents, cancellation);

    public void Dispose()
    {
    }

    private static TokenSequence[] Tokens(IReadOnlyList<TokenSequence> batch) => [.. batch.SelectMany(sequence => sequence.Ids).Select(id => new TokenSequence([id]))];
}
