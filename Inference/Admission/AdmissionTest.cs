using FwdLLM.Learning.Random;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Inference.Admission;

/// <summary>
/// Compares directional derivatives of a model in some precision with those in float32: random directions, real texts, θ where
/// training starts. A derivative is Σₙ rₙ·∂featuresₙ for residuals r; averaged over all r that sum to zero over the texts, as the
/// residuals of a fitted head do, the cosine of derivatives is the cosine of the tangents centred over the texts. That is what is
/// computed, so no draw of residuals adds noise.
/// </summary>
public sealed class AdmissionTest
{
    private readonly VariantCompiler _compiler;
    private readonly IReadOnlyList<TokenSequence> _texts;
    private readonly string _folder;
    private readonly AdmissionOptions _options;
    private readonly float[] _reference;
    private readonly float[] _briefReference;

    /// <summary>Computes the reference.</summary>
    /// <param name="compiler">Model and adapter.</param>
    /// <param name="texts">At least two texts.</param>
    /// <param name="folder">Existing folder for the variants, each of which is deleted after use.</param>
    /// <param name="options">Options.</param>
    /// <exception cref="ArgumentException">Fewer than two texts.</exception>
    public AdmissionTest(VariantCompiler compiler, IReadOnlyList<TokenSequence> texts, string folder, AdmissionOptions? options = null)
    {
        if (texts.Count < 2)
            throw new ArgumentException($"The admission test has {texts.Count} texts; it compares derivatives between texts, so give at least two.", nameof(texts));
        (_compiler, _texts, _folder, _options) = (compiler, texts, folder, options ?? new AdmissionOptions());
        (_reference, _briefReference) = WithVariant(PrecisionSpec.Float32, model => (Tangents(model, _texts, _options.Directions), Tangents(model, Brief, _options.BlameDirections)));
    }

    private TokenSequence[] Brief => [.. _texts.Take(Math.Max(2, _options.BlameTexts))];

    /// <summary>The cosine between this model's derivatives and float32's.</summary>
    public double Cosine(CompiledModel model) => Cosine(_reference, Tangents(model, _texts, _options.Directions), _texts.Count, _options.Directions);

    /// <summary>What each quantised layer costs alone, the dearest first.</summary>
    /// <param name="precision">The precision to take apart.</param>
    /// <param name="cancellation">Checked between layers.</param>
    public IReadOnlyList<LayerCost> Blame(PrecisionSpec precision, CancellationToken cancellation = default)
    {
        var layers = _compiler.Quantized(precision);
        var costs = new List<LayerCost>();
        foreach (var layer in layers)
        {
            cancellation.ThrowIfCancellationRequested();
            var alone = precision with { KeepFloat = [.. precision.KeepFloat, .. layers.Where(other => other != layer)] };
            var cosine = WithVariant(alone, model => Cosine(_briefReference, Tangents(model, Brief, _options.BlameDirections), Brief.Length, _options.BlameDirections));
            costs.Add(new LayerCost(layer, 1 - cosine));
        }

        // A stable sort: equal costs stay in the model's order.
        return [.. costs.OrderByDescending(cost => cost.Cost)];
    }

    private T WithVariant<T>(PrecisionSpec precision, Func<CompiledModel, T> use)
    {
        var folder = Path.Combine(_folder, $"variant-{Guid.NewGuid():n}");
        try
        {
            return use(_compiler.Compile(precision, folder, withVjp: false));
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    private float[] Tangents(CompiledModel model, IReadOnlyList<TokenSequence> texts, int count)
    {
        using var runtime = ModelRuntime.Open(model, new RuntimeOptions { AllowVjp = false, Threads = _options.Threads, PrefixCacheBytes = 0 });
        var key = StreamKey.FromSeed(_options.Seed, "admission");
        var start = new CounterRandom(key, new DirectionAddress(0, 0, 0));
        var theta = new float[runtime.Dimension];
        foreach (var block in model.Layout.Blocks.Where(block => block.InitialBound > 0))
            for (var index = 0; index < block.Length; index++)
                theta[block.Offset + index] = start.NextUniform(block.InitialBound);
        var directions = new float[count * runtime.Dimension];
        for (var k = 0; k < count; k++)
            RademacherStream.Fill(key, new DirectionAddress(1, 0, (uint)k), directions.AsSpan(k * runtime.Dimension, runtime.Dimension));
        return runtime.Jvp(texts, theta, directions).Tangents;
    }

    /// <summary>Cosine of two stacks of tangents [K, n, H], the mean over n taken out of each.</summary>
    internal static double Cosine(float[] reference, float[] other, int texts, int directions)
    {
        var (size, product, first, second) = (reference.Length / texts / directions, 0.0, 0.0, 0.0);
        for (var k = 0; k < directions; k++)
            for (var h = 0; h < size; h++)
            {
                double meanA = 0, meanB = 0;
                for (var n = 0; n < texts; n++)
                {
                    meanA += reference[At(k, n, h)] / (double)texts;
                    meanB += other[At(k, n, h)] / (double)texts;
                }

                for (var n = 0; n < texts; n++)
                {
                    var (a, b) = (reference[At(k, n, h)] - meanA, other[At(k, n, h)] - meanB);
                    product += a * b;
                    first += a * a;
                    second += b * b;
                }
            }

        return product / Math.Sqrt(first * second);

        int At(int k, int n, int h) => ((k * texts) + n) * size + h;
    }
}
