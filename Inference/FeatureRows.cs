using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Inference;

/// <summary>Where each sequence's rows lie in the features of a batch: one row per sequence, or one per token where they are not pooled.</summary>
internal sealed class FeatureRows
{
    private readonly bool _tokens;
    private readonly int _width;
    // Sequence i has the rows from _starts[i] up to _starts[i + 1].
    private readonly int[] _starts;

    public FeatureRows(IReadOnlyList<TokenSequence> batch, ModelManifest manifest)
    {
        (_tokens, _width) = (manifest.Pooling == PoolingKind.Tokens, manifest.FeatureSize);
        _starts = new int[batch.Count + 1];
        for (var index = 0; index < batch.Count; index++)
            _starts[index + 1] = checked(_starts[index] + (_tokens ? batch[index].Length : 1));
    }

    /// <summary>Values in the features of the whole batch.</summary>
    public int Length => checked(_starts[^1] * _width);

    /// <summary>Features of the whole batch, to be filled.</summary>
    public float[] Create() => new float[Length];

    /// <summary>Values in what a graph returns for a micro-batch, padding included.</summary>
    public int Padded(MicroBatch micro) => micro.Members.Count * Stride(micro);

    /// <summary>Puts a graph's rows where they belong in the batch; those of padding are left out.</summary>
    public void Scatter(ReadOnlySpan<float> padded, MicroBatch micro, Span<float> features)
    {
        for (var row = 0; row < micro.Members.Count; row++)
        {
            var (start, length) = Find(micro.Members[row]);
            padded.Slice(row * Stride(micro), length).CopyTo(features[start..]);
        }
    }

    /// <summary>The other way: a micro-batch's rows out of the batch's, zero for padding.</summary>
    public float[] Gather(ReadOnlySpan<float> features, MicroBatch micro)
    {
        var padded = new float[Padded(micro)];
        for (var row = 0; row < micro.Members.Count; row++)
        {
            var (start, length) = Find(micro.Members[row]);
            features.Slice(start, length).CopyTo(padded.AsSpan(row * Stride(micro)));
        }

        return padded;
    }

    private int Stride(MicroBatch micro) => (_tokens ? micro.Length : 1) * _width;

    private (int Start, int Length) Find(int sequence) => (_starts[sequence] * _width, (_starts[sequence + 1] - _starts[sequence]) * _width);
}
