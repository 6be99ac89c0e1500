using FwdLLM.Modeling.Architectures;

namespace FwdLLM.Tests.Inference;

/// <summary>A softmax classifier on features, in double precision: what the host does with the graphs' outputs.</summary>
internal sealed record LinearHead(double[] Weight, double[] Bias)
{
    public int Classes => Bias.Length;

    public int Size => Weight.Length / Classes;

    /// <summary>The head of an architecture's sequence classifier; a missing bias is zero.</summary>
    public static LinearHead Read(LinearShape shape, Func<string, float[]> tensor)
    {
        var weight = Golden.Widen(tensor(shape.Module + ".weight"));
        return new LinearHead(weight, shape.HasBias ? Golden.Widen(tensor(shape.Module + ".bias")) : new double[weight.Length / shape.In]);
    }

    /// <summary>[n, C].</summary>
    public double[] Logits(float[] features)
    {
        var rows = features.Length / Size;
        var logits = new double[rows * Classes];
        for (var row = 0; row < rows; row++)
            for (var c = 0; c < Classes; c++)
            {
                var sum = Bias[c];
                for (var h = 0; h < Size; h++)
                    sum += Weight[c * Size + h] * features[row * Size + h];
                logits[row * Classes + c] = sum;
            }

        return logits;
    }

    /// <summary>Mean cross-entropy; rows with a negative label do not count.</summary>
    public double Loss(float[] features, int[] labels)
    {
        var probabilities = Probabilities(features);
        return -labels.Index().Where(row => row.Item >= 0).Average(row => Math.Log(probabilities[row.Index * Classes + row.Item]));
    }

    /// <summary>∂loss/∂logits [n, C].</summary>
    public double[] Residuals(float[] features, int[] labels)
    {
        var residuals = Probabilities(features);
        for (var row = 0; row < labels.Length; row++)
            if (labels[row] >= 0)
                residuals[row * Classes + labels[row]] -= 1;
            else
                residuals.AsSpan(row * Classes, Classes).Clear();
        var counted = labels.Count(label => label >= 0);
        return Array.ConvertAll(residuals, value => value / counted);
    }

    /// <summary>∂loss/∂features [n, H].</summary>
    public float[] Cotangents(float[] features, int[] labels)
    {
        var residuals = Residuals(features, labels);
        var cotangents = new float[features.Length];
        for (var row = 0; row < labels.Length; row++)
            for (var h = 0; h < Size; h++)
                cotangents[row * Size + h] = (float)Enumerable.Range(0, Classes).Sum(c => residuals[row * Classes + c] * Weight[c * Size + h]);
        return cotangents;
    }

    /// <summary>Derivative of the loss along one direction of features and head.</summary>
    public double Derivative(float[] features, ReadOnlySpan<float> tangents, LinearHead? direction, int[] labels)
    {
        var residuals = Residuals(features, labels);
        var moved = direction?.Logits(features);
        var sum = 0.0;
        for (var row = 0; row < labels.Length; row++)
            for (var c = 0; c < Classes; c++)
            {
                var tangent = moved?[row * Classes + c] ?? 0;
                for (var h = 0; h < Size; h++)
                    tangent += Weight[c * Size + h] * tangents[row * Size + h];
                sum += residuals[row * Classes + c] * tangent;
            }

        return sum;
    }

    /// <summary>The head moved by step·direction.</summary>
    public LinearHead Moved(LinearHead direction, double step) => new(
        [.. Weight.Zip(direction.Weight, (value, change) => value + step * change)],
        [.. Bias.Zip(direction.Bias, (value, change) => value + step * change)]);

    private double[] Probabilities(float[] features)
    {
        var values = Logits(features);
        for (var row = 0; row < values.Length; row += Classes)
        {
            var logits = values.AsSpan(row, Classes);
            var largest = double.NegativeInfinity;
            foreach (var logit in logits)
                largest = Math.Max(largest, logit);
            var sum = 0.0;
            foreach (ref var logit in logits)
                sum += logit = Math.Exp(logit - largest);
            foreach (ref var logit in logits)
                logit /= sum;
        }

        return values;
    }
}
