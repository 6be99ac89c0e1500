using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

public sealed class ModelRuntimeArgumentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ModelRuntime _runtime;
    private readonly float[] _theta;

    public ModelRuntimeArgumentTests()
    {
        _runtime = TinyBert.Open(_folder, AdapterSpec.Default with { Rank = 2 });
        _theta = new float[_runtime.Dimension];
    }

    [Fact]
    public void Empty_batch_is_refused() => Refused("empty", []);

    [Fact]
    public void Sequence_without_tokens_is_refused() => Refused("0 tokens", [new TokenSequence([])]);

    [Fact]
    public void Sequence_longer_than_the_positions_is_refused() => Refused("33 tokens", [new TokenSequence(new int[33])]);

    [Theory]
    [InlineData(-1)]
    [InlineData(50)]
    [InlineData(int.MaxValue)]
    public void Token_outside_the_vocabulary_is_refused(int id) => Refused($"{id} at position 1", [new TokenSequence([1, id])]);

    [Fact]
    public void Segment_outside_its_table_is_refused() => Refused("segment id 2", [new TokenSequence([1, 2], [0, 2])]);

    [Fact]
    public void Segments_of_another_length_are_refused() => Refused("2 token ids but 1", [new TokenSequence([1, 2], [0])]);

    [Theory]
    [InlineData(0)]
    [InlineData(71)]
    public void Theta_of_another_length_is_refused(int length)
    {
        var error = Assert.Throws<ArgumentException>(() => _runtime.Features(Batch, new float[length], Cancellation));
        Assert.Contains($"{length} values; expected {_runtime.Dimension}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Direction_that_is_not_finite_is_refused_with_its_place(float value)
    {
        var directions = new float[2 * _runtime.Dimension];
        directions[_runtime.Dimension + 3] = value;
        var error = Assert.Throws<ArgumentException>(() => _runtime.Jvp(Batch, _theta, directions, Cancellation));
        Assert.Contains($"index {_runtime.Dimension + 3}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Directions_that_are_no_whole_rows_are_refused()
    {
        Assert.Throws<ArgumentException>(() => _runtime.Jvp(Batch, _theta, [], Cancellation));
        Assert.Throws<ArgumentException>(() => _runtime.Jvp(Batch, _theta, new float[_runtime.Dimension + 1], Cancellation));
    }

    [Fact]
    public void Cotangents_of_another_size_are_refused() => Assert.Throws<ArgumentException>(() => _runtime.Vjp(Batch, _theta, new float[_runtime.FeatureSize + 1], Cancellation));

    [Fact]
    public void Diverged_theta_is_reported()
    {
        var theta = new float[_runtime.Dimension];
        Array.Fill(theta, 3e38f);
        Assert.Throws<InferenceException>(() => _runtime.Features(Batch, theta, Cancellation));
    }

    [Fact]
    public void Runtime_that_may_not_backpropagate_refuses_to()
    {
        using var runtime = TinyBert.Open(_folder, AdapterSpec.Default with { Rank = 2 }, options: new RuntimeOptions { AllowVjp = false });
        Assert.Throws<InvalidOperationException>(() => runtime.Vjp(Batch, _theta, new float[_runtime.FeatureSize], Cancellation));
    }

    [Fact]
    public void Model_without_the_reverse_graph_says_so()
    {
        using var runtime = ModelRuntime.Open(ModelCompiler.Compile(TinyBert.Source(), AdapterSpec.Default with { Rank = 2 }, _folder.File("device"), withVjp: false));
        var error = Assert.Throws<InferenceException>(() => runtime.Vjp(Batch, _theta, new float[_runtime.FeatureSize], Cancellation));
        Assert.Contains("vjp", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_graph_is_reported_as_such()
    {
        var model = ModelCompiler.Compile(TinyBert.Source(), AdapterSpec.Default with { Rank = 2 }, _folder.File("damaged"), withVjp: false);
        var path = Path.Combine(model.Folder, "forward.onnx");
        var bytes = File.ReadAllBytes(path);
        Array.Fill(bytes, (byte)0xFF, bytes.Length / 2, 200);
        File.WriteAllBytes(path, bytes);
        using var runtime = ModelRuntime.Open(CompiledModel.Open(model.Folder));
        Assert.Throws<InferenceException>(() => runtime.Features(Batch, _theta, Cancellation));
    }

    [Theory]
    [InlineData(0, 600, 8)]
    [InlineData(1, 0, 8)]
    [InlineData(1, 600, 0)]
    public void Option_out_of_range_is_refused(int threads, int maxRows, int chunk)
    {
        var options = new RuntimeOptions { Threads = threads, MaxRows = maxRows, JvpChunk = chunk };
        Assert.Throws<ArgumentOutOfRangeException>(() => TinyBert.Open(_folder, AdapterSpec.Default with { Rank = 2 }, options: options));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1e-3)]
    [InlineData(double.NaN)]
    public void Finite_differences_refuse_an_epsilon_that_is_not_positive(double epsilon) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => FiniteDifferences.Central(_runtime, Batch, _theta, new float[_theta.Length], epsilon, (_, _, _) => 0, Cancellation));

    public void Dispose()
    {
        _runtime.Dispose();
        _folder.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static TokenSequence[] Batch => [new TokenSequence([1, 2, 3])];

    private void Refused(string expected, TokenSequence[] batch)
    {
        var error = Assert.ThrowsAny<ArgumentException>(() => _runtime.Features(batch, _theta, Cancellation));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => _runtime.Jvp(batch, _theta, _theta, Cancellation));
        Assert.ThrowsAny<ArgumentException>(() => _runtime.Vjp(batch, _theta, new float[_runtime.FeatureSize], Cancellation));
    }
}
