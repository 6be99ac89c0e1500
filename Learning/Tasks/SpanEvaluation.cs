using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tasks;

/// <summary>A head of two outputs, start and end of an answer, on every token of a batch of windows. The loss is convex in the head.</summary>
public sealed class SpanEvaluation : TaskEvaluation
{
    private readonly SoftmaxHead _head;
    private readonly float[] _features; // [rows, H]
    private readonly int[] _lengths;
    private readonly double[] _probabilities; // [rows, 2]
    private readonly double[] _residuals; // [rows, 2]

    /// <summary>Evaluates.</summary>
    /// <param name="head">Of two outputs.</param>
    /// <param name="features">[Σ lengths, H].</param>
    /// <param name="lengths">Tokens of each window [n].</param>
    /// <param name="targets">Answers [n].</param>
    /// <exception cref="ArgumentException">Another number of outputs, features or targets, or an answer outside its window.</exception>
    public SpanEvaluation(SoftmaxHead head, float[] features, IReadOnlyList<int> lengths, IReadOnlyList<SpanTarget> targets)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(features);
        if (head.Classes != 2) throw new ArgumentException($"The head has {head.Classes} outputs; answers have 2, start and end.", nameof(head));
        if (lengths.Count != targets.Count) throw new ArgumentException($"{targets.Count} answers for {lengths.Count} windows; give one for each.", nameof(targets));
        SoftmaxLoss.RequireRows(features.Length, lengths.Sum(), head.Features, nameof(features));
        (_head, _features, _lengths) = (head, features, [.. lengths]);
        Scores = head.Logits(features);
        _probabilities = new double[Scores.Length];
        _residuals = new double[Scores.Length];
        var offset = 0;
        for (var x = 0; x < _lengths.Length; x++)
        {
            var (size, target) = (2 * _lengths[x], targets[x]);
            if (target.Start < 0 || target.End < target.Start || target.End >= _lengths[x])
                throw new ArgumentException($"An answer goes from token {target.Start} to {target.End} of {_lengths[x]}; give tokens of the window in order.", nameof(targets));
            var scores = Scores.AsSpan(offset, size);
            LossSum += SpanLoss.Loss(scores, target);
            Correct += SpanLoss.Prediction(scores) == target ? 1 : 0;
            SpanLoss.Probabilities(scores).CopyTo(_probabilities.AsSpan(offset));
            Residuals(offset, size, target, SpanLoss.Weight, _residuals);
            offset += size;
        }
    }

    /// <summary>Start and end scores [rows, 2].</summary>
    public double[] Scores { get; }

    /// <inheritdoc/>
    public override int Count => _lengths.Length;

    /// <inheritdoc/>
    public override double LossSum { get; }

    /// <inheritdoc/>
    public override int Correct { get; }

    /// <inheritdoc/>
    public override double Slope(ReadOnlySpan<float> tangents)
    {
        var scores = _head.LogitTangents(tangents);
        var sum = 0.0;
        for (var i = 0; i < scores.Length; i++) sum += _residuals[i] * scores[i];
        return sum / Count;
    }

    /// <inheritdoc/>
    public override float[] Cotangents() => _head.FeatureCotangents(_residuals, Count);

    /// <inheritdoc/>
    public override double[] HeadGradient() => _head.Gradient(_features, _residuals);

    /// <inheritdoc/>
    /// <remarks>
    /// With residuals r̂ of labels drawn by the model, E r̂ = 0 and E r̂r̂ᵀ is the loss's Hessian in the scores. The two draws of a window are independent, so that
    /// the square of √½⟨r̂₁, Jv⟩ + √½⟨r̂₂, Jv⟩ has the expectation ½vᵀG₁v + ½vᵀG₂v.
    /// </remarks>
    public override double[] Curvatures(ReadOnlySpan<float> tangents, int count, CounterRandom random)
    {
        var drawn = new double[_residuals.Length];
        var offset = 0;
        foreach (var length in _lengths)
        {
            Residuals(offset, 2 * length, SpanLoss.Draw(_probabilities.AsSpan(offset, 2 * length), random), Math.Sqrt(SpanLoss.Weight), drawn);
            offset += 2 * length;
        }

        var cotangents = Array.ConvertAll(_head.FeatureCotangents(drawn, 1), value => (double)value);
        return MeanSquares(cotangents, _lengths, _head.Features, tangents, count);
    }

    // weight·(p − onehot) of one window.
    private void Residuals(int offset, int size, SpanTarget target, double weight, double[] residuals)
    {
        for (var i = offset; i < offset + size; i++) residuals[i] = weight * _probabilities[i];
        residuals[offset + (2 * target.Start)] -= weight;
        residuals[offset + (2 * target.End) + 1] -= weight;
    }
}
