using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Tests.Inference.Precision;

/// <summary>Whole models in every format: derivatives agree with each other, manifest and files say what they hold.</summary>
public sealed class QuantizedModelTests : IDisposable
{
    private static readonly AdapterSpec Spec = AdapterSpec.Default with { Rank = 3 };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Formats => [.. WeightFormats.Known];

    public static TheoryData<string> Smooth => [.. WeightFormats.Known.Where(name => !WeightFormats.QuantizesActivations(name))];

    public static TheoryData<string> Staircases => [.. WeightFormats.Known.Where(WeightFormats.QuantizesActivations)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Smooth))]
    public void Weight_only_formats_have_exact_derivatives_of_the_quantised_model(string format)
    {
        using var runtime = Open(new PrecisionSpec(format, []));
        var (batch, theta, directions, cotangents) = Arguments(runtime);
        var jvp = runtime.Jvp(batch, theta, directions, Cancellation);
        var gradient = runtime.Vjp(batch, theta, cotangents, Cancellation);
        var forward = Derivatives(jvp, cotangents);
        Golden.AssertClose(Reverse(directions, gradient), forward, 2e-5, 1e-5);
        Golden.AssertClose(forward, FiniteDifferences.Central(runtime, batch, theta, directions, 1e-3, (features, _, _) => Dot(features, cotangents), Cancellation), 2e-2, 2e-3);
    }

    [Theory]
    [MemberData(nameof(Staircases))]
    public void Formats_that_round_activations_come_near_the_exact_gradient_and_refuse_finite_differences(string format)
    {
        using var runtime = Open(new PrecisionSpec(format, []));
        var (batch, theta, directions, cotangents) = Arguments(runtime);
        var forward = Derivatives(runtime.Jvp(batch, theta, directions, Cancellation), cotangents);
        var reverse = Reverse(directions, runtime.Vjp(batch, theta, cotangents, Cancellation));
        Assert.True(Cosine(forward, reverse) > 0.99, $"{Cosine(forward, reverse)}");
        foreach (var differences in new[] { FiniteDifferences.Central, FiniteDifferences.OneSided })
        {
            var error = Assert.Throws<InferenceException>(() => differences(runtime, batch, theta, directions, 1e-3, (features, _, _) => Dot(features, cotangents), Cancellation));
            Assert.Contains("jvp", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_large_direction_does_not_coarsen_the_others(string format)
    {
        using var runtime = Open(new PrecisionSpec(format, []));
        var (batch, theta, directions, _) = Arguments(runtime);
        var before = runtime.Jvp(batch, theta, directions, Cancellation).Tangents;
        for (var index = 0; index < runtime.Dimension; index++)
            directions[index] *= 1024;
        var after = runtime.Jvp(batch, theta, directions, Cancellation).Tangents;
        var size = batch.Length * runtime.FeatureSize;
        Assert.Equal(before[size..], after[size..]);
        Golden.AssertClose([.. before[..size].Select(value => value * 1024.0)], Golden.Widen(after.AsSpan(0, size)), 1e-2, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Smooth))]
    public void Weights_left_as_they_lie_in_the_file_give_the_same_results(string format)
    {
        var model = Compile(new PrecisionSpec(format, []));
        using var packed = ModelRuntime.Open(model);
        using var plain = ModelRuntime.Open(model, new RuntimeOptions { Prepack = false });
        var (batch, theta, directions, _) = Arguments(packed);
        var (expected, actual) = (packed.Jvp(batch, theta, directions, Cancellation), plain.Jvp(batch, theta, directions, Cancellation));
        Golden.AssertClose(Golden.Widen(expected.Features), Golden.Widen(actual.Features), 1e-5, 1e-5);
        Golden.AssertClose(Golden.Widen(expected.Tangents), Golden.Widen(actual.Tangents), 1e-5, 1e-5);
    }

    [Fact]
    public void Unsigned_weights_give_the_bits_of_signed_ones_where_these_do_not_saturate()
    {
        Assert.SkipWhen(IntegerKernels.SignedWeightsSaturate, "This CPU has no VNNI, so signed weights are wrong on it.");
        var model = Compile(new PrecisionSpec(WeightFormats.Int8, ["query"]));
        using var signed = ModelRuntime.Open(model, new RuntimeOptions { UnsignedWeights = false });
        using var unsigned = ModelRuntime.Open(model, new RuntimeOptions { UnsignedWeights = true });
        var (batch, theta, directions, cotangents) = Arguments(signed);
        Assert.Equal(signed.Features(batch, theta, Cancellation), unsigned.Features(batch, theta, Cancellation));
        Assert.Equal(signed.Jvp(batch, theta, directions, Cancellation).Tangents, unsigned.Jvp(batch, theta, directions, Cancellation).Tangents);
        Assert.Equal(signed.Vjp(batch, theta, cotangents, Cancellation), unsigned.Vjp(batch, theta, cotangents, Cancellation));
    }

    [Fact]
    public void Layers_to_keep_are_in_float32_and_the_manifest_names_them()
    {
        var model = Compile(new PrecisionSpec(WeightFormats.Int8, ["encoder.layer.1.intermediate.dense", "query"]));
        Assert.Equal(["encoder.layer.0.attention.self.query", "encoder.layer.1.attention.self.query", "encoder.layer.1.intermediate.dense", "encoder.layer.2.attention.self.query"], model.Manifest.KeepFloat);
        Assert.Equal(WeightFormats.Int8, model.Manifest.WeightFormat);
        var types = model.Manifest.Weights.ToDictionary(weight => weight.Name, weight => weight.Type);
        Assert.Equal(ElementType.Float32, types["encoder.layer.2.attention.self.query.weight"]);
        Assert.Equal(ElementType.Float32, types["encoder.layer.1.intermediate.dense.weight"]);
        Assert.Equal(ElementType.Int8, types["encoder.layer.0.intermediate.dense.weight"]);
        Assert.Equal(ElementType.Int8, types["embeddings.word_embeddings.weight"]);
    }

    [Fact]
    public void Equal_models_give_equal_bytes_and_another_precision_another_identity()
    {
        var first = Compile(new PrecisionSpec(WeightFormats.Int4, ["query", "key"]));
        var second = Compile(new PrecisionSpec(WeightFormats.Int4, ["key", "query"]));
        Assert.Equal(first.ManifestSha256, second.ManifestSha256);
        Assert.NotEqual(first.ManifestSha256, Compile(new PrecisionSpec(WeightFormats.Int4, ["query"])).ManifestSha256);
    }

    [Theory]
    [InlineData(WeightFormats.Float32, "query", "in float32 anyway")]
    [InlineData(WeightFormats.Int8, "dense", "'dense' is not a linear layer")]
    [InlineData(WeightFormats.Int8, "auto", "admission test")]
    [InlineData("int3", "query", "'int3' is not known")]
    public void A_precision_that_does_not_fit_is_refused(string format, string keep, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => Compile(new PrecisionSpec(format, [keep])));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_with_an_unknown_format_is_refused()
    {
        var model = Compile(PrecisionSpec.Float32);
        File.WriteAllBytes(Path.Combine(model.Folder, CompiledModel.ManifestFile), (model.Manifest with { WeightFormat = "int3" }).ToBytes());
        Assert.Contains("int3", Assert.Throws<InvalidDataException>(() => CompiledModel.Open(model.Folder)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private CompiledModel Compile(PrecisionSpec precision) => ModelCompiler.Compile(TinyBert.Source(), Spec, _folder.File(Guid.NewGuid().ToString("n")), withVjp: true, precision);

    private ModelRuntime Open(PrecisionSpec precision) => ModelRuntime.Open(Compile(precision));

    private static (TokenSequence[] Batch, float[] Theta, float[] Directions, float[] Cotangents) Arguments(ModelRuntime runtime)
    {
        var batch = TinyBert.Batch(9, 4, 12);
        return (batch, TinyBert.Values(runtime.Dimension, 0.3f, 11), TinyBert.Values(5 * runtime.Dimension, 1, 12), TinyBert.Values(batch.Length * runtime.FeatureSize, 1, 13));
    }

    private static double[] Derivatives(FeatureTangents jvp, float[] cotangents) =>
        [.. Enumerable.Range(0, jvp.Tangents.Length / jvp.Features.Length).Select(k => Dot(jvp.Tangents.AsSpan(k * jvp.Features.Length, jvp.Features.Length), cotangents))];

    private static double[] Reverse(float[] directions, float[] gradient) =>
        [.. Enumerable.Range(0, directions.Length / gradient.Length).Select(k => Dot(directions.AsSpan(k * gradient.Length, gradient.Length), gradient))];

    private static double Cosine(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(y => y * y));

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var index = 0; index < a.Length; index++)
            sum += (double)a[index] * b[index];
        return sum;
    }
}
