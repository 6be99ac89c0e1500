using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Heads;

/// <summary>A small classification problem with features of different sizes.</summary>
internal sealed class HeadProblem
{
    public const int Examples = 60, Features = 5, Classes = 3;
    private const double Ridge = 1e-2;

    public HeadProblem()
    {
        Key = StreamKey.FromSeed(2, "head tests");
        X = Normal(0, Examples * Features);
        var noise = Normal(1, Examples);
        Labels = new int[Examples];
        for (var x = 0; x < Examples; x++)
        {
            Labels[x] = X[x * Features] + noise[x] > 0.5f ? 2 : X[x * Features + 1] > 0 ? 1 : 0;
            for (var h = 0; h < Features; h++) X[x * Features + h] = X[x * Features + h] * (h + 1) + 3;
        }

        Mean = [.. Enumerable.Repeat(3f, Features)];
        Scale = [.. Enumerable.Range(0, Features).Select(h => 1f / (h + 1))];
    }

    public StreamKey Key { get; }

    public float[] X { get; }

    public int[] Labels { get; }

    public float[] Mean { get; }

    public float[] Scale { get; }

    public static int Dimension => SoftmaxHead.LengthOf(Features, Classes);

    public float[] Normal(uint probe, int count)
    {
        var values = new float[count];
        GaussianStream.Fill(Key, new DirectionAddress(0, 0, probe), values);
        return values;
    }

    public SoftmaxHead Head(ReadOnlySpan<float> head) => new(Classes, Mean, Scale, head);

    public double MeanLoss(ReadOnlySpan<float> features, ReadOnlySpan<float> head) =>
        SoftmaxLoss.Losses(Head(head).Logits(features), Labels, Classes).Average();

    /// <summary>Mean loss plus ridge on the weights, and its gradient.</summary>
    public (double Value, double[] Gradient) Evaluate(double[] point)
    {
        var head = Head([.. point.Select(x => (float)x)]);
        var logits = head.Logits(X);
        var gradient = head.Gradient(X, SoftmaxLoss.Residuals(logits, Labels, Classes));
        var value = SoftmaxLoss.Losses(logits, Labels, Classes).Average();
        for (var i = 0; i < gradient.Length; i++)
        {
            gradient[i] /= Examples;
            if (i >= Classes * Features) continue;
            gradient[i] += Ridge * point[i];
            value += Ridge / 2 * point[i] * point[i];
        }

        return (value, gradient);
    }
}
