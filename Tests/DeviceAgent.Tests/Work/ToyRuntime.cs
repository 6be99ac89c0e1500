using FwdLLM.Inference;

namespace FwdLLM.DeviceAgent.Tests.Work;

/// <summary>
/// A model that fits on a page: feature h of text x is f + a + 0.1a² with a = Jₓₕ·θ, the base f and the row Jₓₕ drawn per text. A text is its number.
/// Texts of class 1 move one way along the first coordinates of θ and those of class 0 the other, so that training can separate them.
/// </summary>
internal sealed class ToyRuntime(int texts) : IModelRuntime
{
    public const int D = 12, H = 3, C = 2;
    private readonly double[] _base = Values(texts * H, 1);
    private readonly double[] _jacobian = Values(texts * H * D, 2);

    public int Dimension => D;

    public int FeatureSize => H;

    /// <summary>Examples that passed forward; a direction of a JVP counts as one.</summary>
    public long Passed { get; private set; }

    public static int Label(int text) => ((text * 7) + (text / 3)) % 3 == 0 ? 1 : 0;

    public static TokenSequence[] Texts(int count) => [.. Enumerable.Range(0, count).Select(x => new TokenSequence([x]))];

    public float[] Features(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Passed += batch.Count;
        var features = new float[batch.Count * H];
        for (var i = 0; i < features.Length; i++)
        {
            var a = Along(batch[i / H].Ids[0], i % H, theta);
            features[i] = (float)(Base(batch[i / H].Ids[0], i % H) + a + (0.1 * a * a));
        }

        return features;
    }

    public FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation = default)
    {
        var features = Features(batch, theta, cancellation);
        var count = directions.Length / D;
        Passed += (long)count * batch.Count;
        var tangents = new float[count * features.Length];
        for (var k = 0; k < count; k++)
            for (var i = 0; i < features.Length; i++)
                tangents[(k * features.Length) + i] = (float)(Slope(batch[i / H].Ids[0], i % H, theta) * Along(batch[i / H].Ids[0], i % H, directions.Slice(k * D, D)));
        return new FeatureTangents(features, tangents);
    }

    public float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation = default)
    {
        var gradient = new double[D];
        for (var i = 0; i < cotangents.Length; i++)
            for (var j = 0; j < D; j++)
                gradient[j] += cotangents[i] * Slope(batch[i / H].Ids[0], i % H, theta) * Row(batch[i / H].Ids[0], i % H, j);
        return Array.ConvertAll(gradient, value => (float)value);
    }

    public void Dispose()
    {
    }

    private static double[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() * 2) - 1)];
    }

    private double Base(int text, int h) => _base[(text * H) + h] + (h == 0 ? 0.3 * Label(text) : 0);

    private double Row(int text, int h, int j) => _jacobian[(((text * H) + h) * D) + j] + (j < 4 ? (2 * Label(text)) - 1 : 0);

    private double Slope(int text, int h, ReadOnlySpan<float> theta) => 1 + (0.2 * Along(text, h, theta));

    private double Along(int text, int h, ReadOnlySpan<float> direction)
    {
        var sum = 0.0;
        for (var j = 0; j < D; j++) sum += Row(text, h, j) * direction[j];
        return sum;
    }
}
