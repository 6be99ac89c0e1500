using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

public sealed class ModelRuntimeTests : IDisposable
{
    private static readonly AdapterSpec Spec = AdapterSpec.Default with { Rank = 4 };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Results_do_not_depend_on_the_rest_of_the_batch()
    {
        using var runtime = TinyBert.Open(_folder, Spec);
        var (theta, directions) = Arguments(runtime, 3);
        var batch = TinyBert.Batch(12, 3, 7, 1, 20, 7);
        var together = runtime.Jvp(batch, theta, directions, Cancellation);
        for (var index = 0; index < batch.Length; index++)
        {
            var alone = runtime.Jvp([batch[index]], theta, directions, Cancellation);
            Golden.AssertClose(Golden.Widen(alone.Features), Golden.Widen(Row(together.Features, index, runtime)), 2e-6);
            for (var k = 0; k < 3; k++)
                Golden.AssertClose(Golden.Widen(Row(alone.Tangents, k, runtime)), Golden.Widen(Row(together.Tangents, k * batch.Length + index, runtime)), 2e-5, 1e-4);
        }
    }

    [Fact]
    public void Chunks_of_directions_and_micro_batches_change_results_only_by_rounding()
    {
        using var wide = TinyBert.Open(_folder, Spec, options: new RuntimeOptions { JvpChunk = 7, MaxRows = 100_000 });
        using var narrow = TinyBert.Open(_folder, Spec, options: new RuntimeOptions { JvpChunk = 3, MaxRows = 40 });
        var (theta, directions) = Arguments(wide, 7);
        var batch = TinyBert.Batch(12, 3, 7, 30, 7);
        var expected = wide.Jvp(batch, theta, directions, Cancellation);
        var actual = narrow.Jvp(batch, theta, directions, Cancellation);
        Golden.AssertClose(Golden.Widen(expected.Features), Golden.Widen(actual.Features), 2e-6);
        Golden.AssertClose(Golden.Widen(expected.Tangents), Golden.Widen(actual.Tangents), 2e-5, 1e-4);
    }

    [Fact]
    public void Repeating_a_call_gives_the_same_bits()
    {
        using var runtime = TinyBert.Open(_folder, Spec);
        var (theta, directions) = Arguments(runtime, 5);
        var batch = TinyBert.Batch(12, 3, 7);
        var first = runtime.Jvp(batch, theta, directions, Cancellation);
        var second = runtime.Jvp(batch, theta, directions, Cancellation);
        Assert.Equal(first.Features, second.Features);
        Assert.Equal(first.Tangents, second.Tangents);
    }

    [Fact]
    public void Two_threads_at_once_get_the_bits_of_one()
    {
        using var runtime = TinyBert.Open(_folder, Spec with { FirstLayer = 1 });
        var (theta, directions) = Arguments(runtime, 5);
        var batch = TinyBert.Batch(12, 3, 7);
        var expected = runtime.Jvp(batch, theta, directions, Cancellation);
        var results = new FeatureTangents[64];
        Parallel.For(0, results.Length, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Cancellation }, index => results[index] = runtime.Jvp(batch, theta, directions, Cancellation));
        Assert.All(results, result =>
        {
            Assert.Equal(expected.Features, result.Features);
            Assert.Equal(expected.Tangents, result.Tangents);
        });
    }

    [Fact]
    public void Prefix_hit_gives_the_bits_of_a_miss()
    {
        using var cached = TinyBert.Open(_folder, Spec with { FirstLayer = 2 });
        using var uncached = TinyBert.Open(_folder, Spec with { FirstLayer = 2 }, options: new RuntimeOptions { PrefixCacheBytes = 0 });
        var (theta, _) = Arguments(cached, 0);
        var batch = TinyBert.Batch(12, 3, 7);
        var miss = cached.Features(batch, theta, Cancellation);
        Assert.Equal((12 + 3 + 7) * cached.FeatureSize * sizeof(float), cached.PrefixCacheBytes);
        Assert.Equal(miss, cached.Features(batch, theta, Cancellation));
        Assert.Equal(miss, uncached.Features(batch, theta, Cancellation));
        Assert.Equal(0, uncached.PrefixCacheBytes);
    }

    [Fact]
    public void Prefix_cache_stays_within_its_budget_and_forgets_the_least_recently_used()
    {
        using var runtime = TinyBert.Open(_folder, Spec with { FirstLayer = 1 }, options: new RuntimeOptions { PrefixCacheBytes = 20 * 24 * sizeof(float) });
        var (theta, _) = Arguments(runtime, 0);
        runtime.Features(TinyBert.Batch(12, 3, 7, 16, 25), theta, Cancellation);
        // 3 + 7 + 12 exceeds 20 tokens, so 3 goes; 16 pushes out the others; 25 alone is too large to keep.
        Assert.Equal(16 * 24 * sizeof(float), runtime.PrefixCacheBytes);
    }

    [Fact]
    public void Changing_a_cached_sequence_in_place_is_noticed()
    {
        using var runtime = TinyBert.Open(_folder, Spec with { FirstLayer = 1 });
        var (theta, _) = Arguments(runtime, 0);
        var sequence = TinyBert.Batch(6)[0];
        var before = runtime.Features([sequence], theta, Cancellation);
        sequence.Ids[2] = (sequence.Ids[2] + 1) % TinyBert.Config.VocabularySize;
        Assert.NotEqual(before, runtime.Features([sequence], theta, Cancellation));
    }

    [Fact]
    public void Zero_lora_xs_leaves_the_base_model_unchanged()
    {
        using var adapted = TinyBert.Open(_folder, Spec);
        using var other = TinyBert.Open(_folder, AdapterSpec.LoraQueryValue with { Rank = 1 });
        var batch = TinyBert.Batch(6, 9);
        Golden.AssertClose(
            Golden.Widen(other.Features(batch, new float[other.Dimension], Cancellation)),
            Golden.Widen(adapted.Features(batch, new float[adapted.Dimension], Cancellation)), 1e-6);
    }

    [Fact]
    public void Exported_lora_modules_reproduce_the_features_of_lora_xs()
    {
        var source = TinyBert.Source();
        var model = ModelCompiler.Compile(source, Spec, _folder.File("xs"), withVjp: false);
        using var runtime = ModelRuntime.Open(model);
        var (theta, _) = Arguments(runtime, 0);
        var modules = model.ToLora(theta);
        var loraTheta = modules.SelectMany(module => module.A.Concat(module.B)).ToArray();
        using var lora = TinyBert.Open(_folder, new AdapterSpec(AdapterKinds.Lora, Spec.Rank, Spec.Rank, AdapterSpec.AllLinear));
        Assert.All(modules, module => Assert.Equal(1, module.Scaling));
        var batch = TinyBert.Batch(6, 9, 14);
        Golden.AssertClose(Golden.Widen(runtime.Features(batch, theta, Cancellation)), Golden.Widen(lora.Features(batch, loraTheta, Cancellation)), 3e-6);
    }

    [Fact]
    public void Cancelled_call_stops()
    {
        using var runtime = TinyBert.Open(_folder, Spec);
        var (theta, _) = Arguments(runtime, 0);
        Assert.Throws<OperationCanceledException>(() => runtime.Features(TinyBert.Batch(6), theta, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Disposed_runtime_says_so()
    {
        var runtime = TinyBert.Open(_folder, Spec);
        var (theta, _) = Arguments(runtime, 0);
        runtime.Dispose();
        Assert.Throws<ObjectDisposedException>(() => runtime.Features(TinyBert.Batch(6), theta, Cancellation));
    }

    public void Dispose() => _folder.Dispose();

    private static (float[] Theta, float[] Directions) Arguments(ModelRuntime runtime, int directions) =>
        (TinyBert.Values(runtime.Dimension, 0.2f, 21), TinyBert.Values(directions * runtime.Dimension, 1, 22));

    private static float[] Row(float[] values, int row, ModelRuntime runtime) => values[(row * runtime.FeatureSize)..((row + 1) * runtime.FeatureSize)];
}
