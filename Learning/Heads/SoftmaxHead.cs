namespace FwdLLM.Learning.Heads;

/// <summary>
/// A linear softmax classifier on standardised features z = (x − mean)·scale: logits W z + b. Everything of it that forward gradients need is
/// closed-form, from the forward pass already made: loss, exact gradient, and the chain rule from feature tangents to the loss.
/// Arrays are row-major; n is the number of examples, H of features, C of classes. Sums run in double, in index order. Immutable and thread-safe.
/// </summary>
public sealed class SoftmaxHead
{
    private readonly float[] _mean;
    private readonly float[] _scale;
    private readonly float[] _head;

    /// <summary>Creates a head.</summary>
    /// <param name="classes">C, at least 2.</param>
    /// <param name="mean">Mean of each feature [H].</param>
    /// <param name="scale">1/standard deviation of each feature [H].</param>
    /// <param name="head">Weights [C, H], then biases [C].</param>
    /// <exception cref="ArgumentException">Lengths that do not fit together.</exception>
    public SoftmaxHead(int classes, ReadOnlySpan<float> mean, ReadOnlySpan<float> scale, ReadOnlySpan<float> head)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        if (mean.IsEmpty || mean.Length != scale.Length)
            throw new ArgumentException($"{mean.Length} feature means and {scale.Length} feature scales; give one of each per feature.", nameof(scale));
        if (head.Length != LengthOf(mean.Length, classes))
            throw new ArgumentException($"A head of {head.Length} numbers, but {classes} classes of {mean.Length} features take {LengthOf(mean.Length, classes)}.", nameof(head));
        (Classes, Features) = (classes, mean.Length);
        (_mean, _scale, _head) = (mean.ToArray(), scale.ToArray(), head.ToArray());
    }

    /// <summary>C.</summary>
    public int Classes { get; }

    /// <summary>H.</summary>
    public int Features { get; }

    /// <summary>Numbers in a head: C·H + C.</summary>
    public static int LengthOf(int features, int classes) => checked(classes * features + classes);

    /// <summary>Logits [n, C] of raw features [n, H].</summary>
    public double[] Logits(ReadOnlySpan<float> features)
    {
        var n = Rows(features.Length, Features, nameof(features));
        var logits = new double[n * Classes];
        var standardised = new double[Features];
        for (var x = 0; x < n; x++)
        {
            Standardise(features.Slice(x * Features, Features), standardised);
            for (var c = 0; c < Classes; c++)
                logits[x * Classes + c] = _head[Classes * Features + c] + Dot(c, standardised);
        }

        return logits;
    }

    /// <summary>Tangents of the logits [n, C] for tangents of the raw features [n, H]: W·(scale ∘ ẋ).</summary>
    public double[] LogitTangents(ReadOnlySpan<float> tangents)
    {
        var n = Rows(tangents.Length, Features, nameof(tangents));
        var result = new double[n * Classes];
        var scaled = new double[Features];
        for (var x = 0; x < n; x++)
        {
            for (var h = 0; h < Features; h++) scaled[h] = (double)tangents[x * Features + h] * _scale[h];
            for (var c = 0; c < Classes; c++) result[x * Classes + c] = Dot(c, scaled);
        }

        return result;
    }

    /// <summary>Gradient [C·H + C] with respect to the head, summed over the examples: Σ rᵧ zᵀ, then Σ r.</summary>
    /// <param name="features">Raw features [n, H].</param>
    /// <param name="residuals">softmax − onehot [n, C].</param>
    public double[] Gradient(ReadOnlySpan<float> features, ReadOnlySpan<double> residuals)
    {
        var n = Rows(features.Length, Features, nameof(features));
        SoftmaxLoss.RequireRows(residuals.Length, n, Classes, nameof(residuals));
        var gradient = new double[LengthOf(Features, Classes)];
        var standardised = new double[Features];
        for (var x = 0; x < n; x++)
        {
            Standardise(features.Slice(x * Features, Features), standardised);
            for (var c = 0; c < Classes; c++)
            {
                var residual = residuals[x * Classes + c];
                var row = gradient.AsSpan(c * Features, Features);
                for (var h = 0; h < row.Length; h++) row[h] += residual * standardised[h];
                gradient[Classes * Features + c] += residual;
            }
        }

        return gradient;
    }

    /// <summary>Gradient of the mean loss with respect to the raw features [n, H]: scale ∘ (Wᵀ r)/n, the cotangents that a backward pass starts from.</summary>
    /// <param name="residuals">Residuals, centred or not [n, C].</param>
    public float[] FeatureCotangents(ReadOnlySpan<double> residuals) => FeatureCotangents(residuals, Rows(residuals.Length, Classes, nameof(residuals)));

    /// <summary>Gradient of a mean over <paramref name="examples"/> examples with respect to the raw features [n, H], where examples may have several rows.</summary>
    /// <param name="residuals">Gradient of the sum with respect to the logits [n, C].</param>
    /// <param name="examples">What the sum is divided by.</param>
    public float[] FeatureCotangents(ReadOnlySpan<double> residuals, int examples)
    {
        var n = Rows(residuals.Length, Classes, nameof(residuals));
        var cotangents = new float[n * Features];
        var sum = new double[Features];
        for (var x = 0; x < n; x++)
        {
            Array.Clear(sum);
            for (var c = 0; c < Classes; c++)
            {
                var residual = residuals[x * Classes + c];
                for (var h = 0; h < Features; h++) sum[h] += residual * _head[c * Features + h];
            }

            for (var h = 0; h < Features; h++) cotangents[x * Features + h] = (float)(sum[h] * _scale[h] / examples);
        }

        return cotangents;
    }

    private void Standardise(ReadOnlySpan<float> features, Span<double> standardised)
    {
        for (var h = 0; h < Features; h++) standardised[h] = ((double)features[h] - _mean[h]) * _scale[h];
    }

    private double Dot(int row, ReadOnlySpan<double> vector)
    {
        var weights = _head.AsSpan(row * Features, Features);
        var sum = 0.0;
        for (var h = 0; h < weights.Length; h++) sum += weights[h] * vector[h];
        return sum;
    }

    private static int Rows(int length, int width, string name) =>
        length % width == 0 ? length / width : throw new ArgumentException($"{length} values are not rows of {width}.", name);
}
