using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;

namespace FwdLLM.Silo;

/// <summary>Evaluates on tokenised examples in memory: features from the compiled model, head and loss here. Thread-safe.</summary>
public sealed class HeldOutEvaluator : IModelEvaluator
{
    /// <summary>Examples per call of the runtime: bounds the memory of their features, and is how often a cancellation is looked at.</summary>
    private const int BlockSize = 256;

    private readonly IModelRuntime _runtime;
    private readonly TokenSequence[] _texts;
    private readonly int[] _labels;

    /// <summary>Takes the held-out set; the runtime stays the caller's to dispose.</summary>
    /// <exception cref="ArgumentException">No examples, or not one label per example.</exception>
    public HeldOutEvaluator(IModelRuntime runtime, IReadOnlyList<TokenSequence> texts, IReadOnlyList<int> labels)
    {
        if (texts.Count == 0 || texts.Count != labels.Count)
            throw new ArgumentException($"The held-out set has {texts.Count} texts and {labels.Count} labels; give at least one text and one label for each.");
        (_runtime, _texts, _labels) = (runtime, [.. texts], [.. labels]);
    }

    /// <inheritdoc/>
    public Task<(double Accuracy, double Loss, int Examples)> EvaluateAsync(JobSpec spec, byte[] snapshot, CancellationToken cancellation) =>
        Task.Run(() => Evaluate(spec, ModelSnapshot.FromBytes(snapshot), cancellation), cancellation);

    private (double Accuracy, double Loss, int Examples) Evaluate(JobSpec spec, ModelSnapshot model, CancellationToken cancellation)
    {
        var head = new SoftmaxHead(spec.Labels.Count, model.FeatureMean, model.FeatureScale, model.Head);
        var (correct, loss) = (0, 0.0);
        for (var start = 0; start < _texts.Length; start += BlockSize)
        {
            var count = Math.Min(BlockSize, _texts.Length - start);
            var labels = _labels.AsSpan(start, count);
            var logits = head.Logits(_runtime.Features(new ArraySegment<TokenSequence>(_texts, start, count), model.Theta, cancellation)); // [count, C]
            var predictions = SoftmaxLoss.Predictions(logits, head.Classes);
            var losses = SoftmaxLoss.Losses(logits, labels, head.Classes);
            for (var x = 0; x < count; x++)
            {
                correct += predictions[x] == labels[x] ? 1 : 0;
                loss += losses[x];
            }
        }

        return ((double)correct / _texts.Length, loss / _texts.Length, _texts.Length);
    }
}
