using FwdLLM.Inference;
using FwdLLM.Inference.Admission;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Tests.Inference.Precision;

public sealed class ModelAdmissionTests : IDisposable
{
    private static readonly AdapterSpec Spec = AdapterSpec.Default with { Rank = 3 };
    private static readonly AdmissionOptions Small = new() { Directions = 8, BlameDirections = 4, BlameTexts = 3 };

    private readonly TemporaryFolder _folder = new();

    private static TokenSequence[] Texts => TinyBert.Batch(9, 4, 7, 12);

    [Fact]
    public void A_good_model_is_admitted_with_its_figure_in_the_manifest()
    {
        var lines = new List<string>();
        var model = Create(new PrecisionSpec(WeightFormats.Int8Weights, []), Small, lines);
        var record = model.Manifest.Admission!;
        Assert.InRange(record.Cosine, 0.999, 1);
        Assert.Equal((0.98, 8, 4, 32), (record.Threshold, record.Directions, record.Texts, record.Tokens));
        Assert.Contains("cosine", Assert.Single(lines), StringComparison.Ordinal);
        Assert.Equal([_folder.File("model")], Directory.GetFileSystemEntries(_folder.Path));
        model.Verify();
    }

    [Fact]
    public void A_refused_model_leaves_nothing_and_names_the_layers_that_cost_most()
    {
        var error = Assert.Throws<InferenceException>(() => Create(new PrecisionSpec(WeightFormats.Int4, ["intermediate"]), Small with { Threshold = 0.999999 }, []));
        Assert.Matches(@"encoder\.layer\.\d\.\S+ 0\.\d{4}, ", error.Message);
        Assert.DoesNotContain("intermediate", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Auto_keeps_the_dearest_layers_until_the_test_passes()
    {
        var test = new AdmissionTest(new VariantCompiler(TinyBert.Source(), Spec), Texts, _folder.Path, Small);
        var all = ModelCompiler.Compile(TinyBert.Source(), Spec, _folder.File("all"), withVjp: false, new PrecisionSpec(WeightFormats.Int4, []));
        var blanket = test.Cosine(all);
        var threshold = 1 - (1 - blanket) / 2;
        var model = Create(new PrecisionSpec(WeightFormats.Int4, PrecisionSpec.Auto), Small with { Threshold = threshold }, []);
        Assert.InRange(model.Manifest.KeepFloat.Count, 1, 17);
        Assert.True(test.Cosine(model) >= threshold);
        Assert.Contains(test.Blame(new PrecisionSpec(WeightFormats.Int4, []), TestContext.Current.CancellationToken)[0].Module, model.Manifest.KeepFloat);
    }

    [Fact]
    public void Float32_needs_no_test()
    {
        var model = ModelAdmission.Create(TinyBert.Source(), Spec, PrecisionSpec.Float32, _folder.File("model"), withVjp: false, () => throw new InvalidOperationException("No texts are needed."), cancellation: TestContext.Current.CancellationToken);
        Assert.Null(model.Manifest.Admission);
    }

    [Fact]
    public void One_text_is_too_few() => Assert.Throws<ArgumentException>(() =>
        ModelAdmission.Create(TinyBert.Source(), Spec, new PrecisionSpec(WeightFormats.Int8, []), _folder.File("model"), withVjp: false, () => TinyBert.Batch(4), cancellation: TestContext.Current.CancellationToken));

    [Fact]
    public void Cosine_looks_at_differences_between_texts()
    {
        // Two texts, one direction, width 1: means 2 and 5 go, ±1 and ±2 stay.
        Assert.Equal(1, AdmissionTest.Cosine([1, 3], [3, 7], texts: 2, directions: 1), 12);
        Assert.Equal(-1, AdmissionTest.Cosine([1, 3], [7, 3], texts: 2, directions: 1), 12);
        // Directions are not mixed: (−1, 1), (−1, 1) against (−1, 1), (1, −1).
        Assert.Equal(0, AdmissionTest.Cosine([1, 3, 1, 3], [1, 3, 3, 1], texts: 2, directions: 2), 12);
    }

    [Theory]
    [InlineData(0.02, 0.02, 1)]
    [InlineData(0.04, 0.02, 1)]
    [InlineData(0.05, 0.02, 2)]
    [InlineData(1, 0.001, 3)]
    public void As_many_layers_are_kept_as_their_shares_of_the_error_require(double error, double allowed, int kept) =>
        Assert.Equal(kept, ModelAdmission.Expected([new("a", 0.5), new("b", 0.25), new("c", 0.25), new("d", -0.1)], error, allowed));

    public void Dispose() => _folder.Dispose();

    private CompiledModel Create(PrecisionSpec precision, AdmissionOptions options, List<string> lines) =>
        ModelAdmission.Create(TinyBert.Source(), Spec, precision, _folder.File("model"), withVjp: false, () => Texts, options, lines.Add, TestContext.Current.CancellationToken);
}
