using FwdLLM.Learning.Heads;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>A head applied to a batch: logits and what follows from them, computed once.</summary>
internal sealed class HeadEvaluation
{
    private readonly SoftmaxHead _head;
    private readonly float[] _features; // [n, H]
    private readonly double[] _logits; // [n, C]

    public HeadEvaluation(SoftmaxHead head, float[] features, IReadOnlyList<int> labels)
    {
        _head = head;
        _features = features;
        var array = labels as int[] ?? [.. labels];
        _logits = head.Logits(features);
        Residuals = SoftmaxLoss.Residuals(_logits, array, head.Classes);
        Count = array.Length;
        LossSum = SoftmaxLoss.Losses(_logits, array, head.Classes).Sum();
        Correct = SoftmaxLoss.Predictions(_logits, head.Classes).Zip(array).Count(pair => pair.First == pair.Second);
    }

    public int Count { get; }

    public double LossSum { get; }

    public int Correct { get; }

    /// <summary>softmax − onehot [n, C].</summary>
    public double[] Residuals { get; }

    /// <summary>Logits [n, C].</summary>
    public double[] Logits => _logits;

    /// <summary>Residuals for directional derivatives: times the examples' weights, less the batch's control variate.</summary>
    public double[] ProbeResiduals(WeightedBatch batch)
    {
        if (!batch.HasFixedResiduals) return Residuals;
        var residuals = new double[Residuals.Length];
        for (var i = 0; i < residuals.Length; i++)
            residuals[i] = (Residuals[i] * (batch.Weights?[i / _head.Classes] ?? 1)) - (batch.Control?[i] ?? 0);
        return residuals;
    }

    /// <summary>Euclidean length of each example's residual [n].</summary>
    public double[] ResidualNorms()
    {
        var norms = new double[Count];
        for (var i = 0; i < Residuals.Length; i++) norms[i / _head.Classes] += Residuals[i] * Residuals[i];
        return Array.ConvertAll(norms, Math.Sqrt);
    }

    /// <summary>Head gradient summed over the examples [C·H + C].</summary>
    public double[] Gradient() => _head.Gradient(_features, Residuals);

    /// <summary>vᵀGv for logit tangents Jv [n, C].</summary>
    public double GaussNewton(double[] logitTangents) => SoftmaxLoss.GaussNewton(SoftmaxLoss.Probabilities(_logits, _head.Classes), logitTangents, _head.Classes);
}
