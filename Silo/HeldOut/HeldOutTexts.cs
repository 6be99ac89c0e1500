using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;

namespace FwdLLM.Silo;

/// <summary>Texts with classes: accuracy and mean cross-entropy.</summary>
public sealed class HeldOutTexts : HeldOutSet
{
    private readonly int[] _labels;

    /// <summary>Takes the texts.</summary>
    /// <exception cref="ArgumentException">No texts, or not one label per text.</exception>
    public HeldOutTexts(IReadOnlyList<TokenSequence> texts, IReadOnlyList<int> labels)
    {
        if (texts.Count == 0 || texts.Count != labels.Count)
            throw new ArgumentException($"The held-out set has {texts.Count} texts and {labels.Count} labels; give at least one text and one label for each.");
        (Sequences, _labels) = ([.. texts], [.. labels]);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TokenSequence> Sequences { get; }

    /// <inheritdoc/>
    public override HeldOutScore Begin(JobSpec spec, ModelSnapshot model) =>
        new Score(_labels, new SoftmaxHead(spec.Labels.Count, model.FeatureMean, model.FeatureScale, model.Head));

    private sealed class Score(int[] all, SoftmaxHead head) : HeldOutScore
    {
        private int _correct;
        private double _loss;

        public override void Add(int start, int count, float[] features)
        {
            var labels = all.AsSpan(start, count);
            var logits = head.Logits(features); // [count, C]
            var predictions = SoftmaxLoss.Predictions(logits, head.Classes);
            var losses = SoftmaxLoss.Losses(logits, labels, head.Classes);
            for (var x = 0; x < count; x++)
            {
                _correct += predictions[x] == labels[x] ? 1 : 0;
                _loss += losses[x];
            }
        }

        public override EvaluationResult Result()
        {
            var accuracy = (double)_correct / all.Length;
            return new EvaluationResult(accuracy, _loss / all.Length, all.Length) { Metrics = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["accuracy"] = accuracy } };
        }
    }
}
