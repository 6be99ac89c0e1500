namespace FwdLLM.Learning.Heads;

/// <summary>Cross-entropy of softmax as functions of logits [n, C], row-major, with natural logarithms. No state.</summary>
public static class SoftmaxLoss
{
    /// <summary>softmax(logits) [n, C].</summary>
    public static double[] Probabilities(ReadOnlySpan<double> logits, int classes)
    {
        var n = Rows(logits, classes);
        var probabilities = new double[logits.Length];
        for (var x = 0; x < n; x++)
        {
            var row = logits.Slice(x * classes, classes);
            var logSum = LogSumExp(row);
            for (var c = 0; c < classes; c++) probabilities[x * classes + c] = Math.Exp(row[c] - logSum);
        }

        return probabilities;
    }

    /// <summary>softmax − onehot [n, C]: the gradient of each example's loss with respect to its logits.</summary>
    /// <exception cref="ArgumentException">A label is not a class, or there is not one per example.</exception>
    public static double[] Residuals(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels, int classes)
    {
        CheckLabels(labels, Rows(logits, classes), classes);
        var residuals = Probabilities(logits, classes);
        for (var x = 0; x < labels.Length; x++) residuals[x * classes + labels[x]] -= 1;
        return residuals;
    }

    /// <summary>Loss of each example [n].</summary>
    /// <exception cref="ArgumentException">A label is not a class, or there is not one per example.</exception>
    public static double[] Losses(ReadOnlySpan<double> logits, ReadOnlySpan<int> labels, int classes)
    {
        CheckLabels(labels, Rows(logits, classes), classes);
        var losses = new double[labels.Length];
        for (var x = 0; x < losses.Length; x++)
        {
            var row = logits.Slice(x * classes, classes);
            losses[x] = LogSumExp(row) - row[labels[x]];
        }

        return losses;
    }

    /// <summary>Most likely class of each example [n]; the lowest of equals.</summary>
    public static int[] Predictions(ReadOnlySpan<double> logits, int classes)
    {
        var predictions = new int[Rows(logits, classes)];
        for (var x = 0; x < predictions.Length; x++)
        {
            var row = logits.Slice(x * classes, classes);
            for (var c = 1; c < classes; c++)
                if (row[c] > row[predictions[x]])
                    predictions[x] = c;
        }

        return predictions;
    }

    /// <summary>
    /// Residuals minus their batch mean, times n/(n − 1) [n, C]: a control variate. Where the head is at its optimum the expectation of the
    /// residuals is zero, and the batch mean is noise; the factor keeps the estimate of the remaining part unbiased.
    /// </summary>
    /// <exception cref="ArgumentException">Fewer than two examples.</exception>
    public static double[] CentredResiduals(ReadOnlySpan<double> residuals, int examples, int classes)
    {
        RequireRows(residuals.Length, examples, classes, nameof(residuals));
        if (examples < 2) throw new ArgumentException($"{examples} examples; centring takes at least 2.", nameof(examples));
        var centred = new double[residuals.Length];
        for (var c = 0; c < classes; c++)
        {
            var sum = 0.0;
            for (var x = 0; x < examples; x++) sum += residuals[x * classes + c];
            for (var x = 0; x < examples; x++)
                centred[x * classes + c] = (residuals[x * classes + c] - sum / examples) * examples / (examples - 1);
        }

        return centred;
    }

    /// <summary>(1/n) Σₓ ⟨rₓ, Jₓv⟩: the derivative of the mean loss along v.</summary>
    /// <param name="residuals">[n, C].</param>
    /// <param name="logitTangents">Jₓv [n, C].</param>
    /// <param name="classes">C.</param>
    public static double DirectionalDerivative(ReadOnlySpan<double> residuals, ReadOnlySpan<double> logitTangents, int classes)
    {
        var n = Rows(residuals, classes);
        RequireRows(logitTangents.Length, n, classes, nameof(logitTangents));
        var sum = 0.0;
        for (var i = 0; i < residuals.Length; i++) sum += residuals[i] * logitTangents[i];
        return n == 0 ? 0 : sum / n;
    }

    /// <summary>(1/n) Σₓ (Jₓv)ᵀ(diag p − ppᵀ)(Jₓv): the Gauss–Newton form vᵀGv, never negative.</summary>
    /// <param name="probabilities">p [n, C].</param>
    /// <param name="logitTangents">Jₓv [n, C].</param>
    /// <param name="classes">C.</param>
    public static double GaussNewton(ReadOnlySpan<double> probabilities, ReadOnlySpan<double> logitTangents, int classes)
    {
        var n = Rows(probabilities, classes);
        RequireRows(logitTangents.Length, n, classes, nameof(logitTangents));
        var sum = 0.0;
        for (var x = 0; x < n; x++)
        {
            var p = probabilities.Slice(x * classes, classes);
            var t = logitTangents.Slice(x * classes, classes);
            double mean = 0, variance = 0;
            for (var c = 0; c < classes; c++) mean += p[c] * t[c];
            for (var c = 0; c < classes; c++) variance += p[c] * (t[c] - mean) * (t[c] - mean);
            sum += variance;
        }

        return n == 0 ? 0 : sum / n;
    }

    internal static void RequireRows(int length, int rows, int width, string name)
    {
        if (length != (long)rows * width) throw new ArgumentException($"{length} values are not {rows} rows of {width}.", name);
    }

    private static int Rows(ReadOnlySpan<double> values, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        return values.Length % classes == 0 ? values.Length / classes : throw new ArgumentException($"{values.Length} values are not rows of {classes} classes.", nameof(values));
    }

    private static void CheckLabels(ReadOnlySpan<int> labels, int examples, int classes)
    {
        if (labels.Length != examples) throw new ArgumentException($"{labels.Length} labels for {examples} examples; give one for each.", nameof(labels));
        foreach (var label in labels)
            if ((uint)label >= (uint)classes)
                throw new ArgumentException($"A label is {label}; with {classes} classes it must be from 0 to {classes - 1}.", nameof(labels));
    }

    private static double LogSumExp(ReadOnlySpan<double> row)
    {
        var largest = double.NegativeInfinity;
        foreach (var value in row) largest = Math.Max(largest, value);
        if (!double.IsFinite(largest)) return largest;
        var sum = 0.0;
        foreach (var value in row) sum += Math.Exp(value - largest);
        return largest + Math.Log(sum);
    }
}
