using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>
/// A classifier on a batch. With centred or weighted residuals the function whose slope is measured is (1/n) Σ ⟨r̃ₓ, zₓ(θ)⟩ with those
/// residuals r̃ held fixed; otherwise the mean loss.
/// </summary>
internal sealed class HeadEvaluation : TaskEvaluation
{
    private readonly SoftmaxHead _head;
    private readonly float[] _features; // [n, H]
    private readonly double[] _logits; // [n, C]
    private readonly double[] _probeResiduals; // [n, C]
    private readonly bool _fixed;

    public HeadEvaluation(SoftmaxHead head, float[] features, WeightedBatch batch)
    {
        _head = head;
        _features = features;
        var labels = Array.ConvertAll(batch.Examples.TargetsAs<ClassTarget>(), target => target.Class);
        _logits = head.Logits(features);
        Residuals = SoftmaxLoss.Residuals(_logits, labels, head.Classes);
        Count = labels.Length;
        LossSum = SoftmaxLoss.Losses(_logits, labels, head.Classes).Sum();
        Correct = SoftmaxLoss.Predictions(_logits, head.Classes).Zip(labels).Count(pair => pair.First == pair.Second);
        _fixed = batch.HasFixedResiduals;
        _probeResiduals = _fixed ? ProbeResiduals(batch) : Residuals;
    }

    public override int Count { get; }

    public override double LossSum { get; }

    public override int Correct { get; }

    /// <summary>softmax − onehot [n, C].</summary>
    public double[] Residuals { get; }

    /// <summary>Euclidean length of each example's residual [n].</summary>
    public double[] ResidualNorms()
    {
        var norms = new double[Count];
        for (var i = 0; i < Residuals.Length; i++) norms[i / _head.Classes] += Residuals[i] * Residuals[i];
        return Array.ConvertAll(norms, Math.Sqrt);
    }

    public override double Objective(TaskEvaluation at)
    {
        if (!_fixed) return base.Objective(at);
        var sum = 0.0;
        var logits = ((HeadEvaluation)at)._logits;
        for (var i = 0; i < logits.Length; i++) sum += _probeResiduals[i] * logits[i];
        return sum / at.Count;
    }

    public override double Slope(ReadOnlySpan<float> tangents) => SoftmaxLoss.DirectionalDerivative(_probeResiduals, _head.LogitTangents(tangents), _head.Classes);

    public override float[] Cotangents() => _head.FeatureCotangents(_probeResiduals);

    public override double[] HeadGradient() => _head.Gradient(_features, _probeResiduals);

    /// <inheritdoc/>
    public override double[] Curvatures(ReadOnlySpan<float> tangents, int count, CounterRandom random)
    {
        var probabilities = SoftmaxLoss.Probabilities(_logits, _head.Classes);
        var result = new double[count];
        for (var k = 0; k < count; k++)
            result[k] = SoftmaxLoss.GaussNewton(probabilities, _head.LogitTangents(tangents.Slice(k * _features.Length, _features.Length)), _head.Classes);
        return result;
    }

    // Times the examples' weights, less the batch's control variate.
    private double[] ProbeResiduals(WeightedBatch batch)
    {
        var residuals = new double[Residuals.Length];
        for (var i = 0; i < residuals.Length; i++)
            residuals[i] = (Residuals[i] * (batch.Weights?[i / _head.Classes] ?? 1)) - (batch.Control?[i] ?? 0);
        return residuals;
    }
}
