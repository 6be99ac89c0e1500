using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Inference;

/// <summary>Three independent ways to one number: tangents, gradient, and differences of the forward graph.</summary>
public sealed class ModelRuntimeDerivativeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, int, PoolingKind, string> Cases
    {
        get
        {
            var data = new TheoryData<string, int, PoolingKind, string>();
            foreach (var kind in AdapterKinds.Names)
                foreach (var firstLayer in new[] { 0, 1, 2 })
                    foreach (var pooling in Enum.GetValues<PoolingKind>())
                        data.Add(kind, firstLayer, pooling, "query,key,value,attention.output,intermediate,output");
            data.Add(AdapterKinds.Lora, 0, PoolingKind.Mean, "query");
            data.Add(AdapterKinds.LoraXs, 0, PoolingKind.Mean, "key");
            data.Add(AdapterKinds.Lora, 2, PoolingKind.Mean, "value");
            data.Add(AdapterKinds.LoraXs, 2, PoolingKind.Mean, "intermediate");
            data.Add(AdapterKinds.Lora, 2, PoolingKind.Pooler, "output");
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tangents_gradient_and_central_differences_agree(string kind, int firstLayer, PoolingKind pooling, string targets)
    {
        using var runtime = TinyBert.Open(_folder, new AdapterSpec(kind, 3, 6, targets.Split(','), firstLayer), pooling);
        var cancellation = TestContext.Current.CancellationToken;
        var batch = TinyBert.Batch(9, 4, 1, 12, 9);
        var theta = TinyBert.Values(runtime.Dimension, 0.3f, 11);
        var directions = TinyBert.Values(5 * runtime.Dimension, 1, 12);
        var jvp = runtime.Jvp(batch, theta, directions, cancellation);
        var cotangents = TinyBert.Values(jvp.Features.Length, 1, 13);
        var gradient = runtime.Vjp(batch, theta, cotangents, cancellation);
        var differences = FiniteDifferences.Central(runtime, batch, theta, directions, 1e-3, (features, _, _) => Dot(features, cotangents), cancellation);

        var forward = Enumerable.Range(0, 5).Select(k => Dot(jvp.Tangents.AsSpan(k * jvp.Features.Length, jvp.Features.Length), cotangents)).ToArray();
        var reverse = Enumerable.Range(0, 5).Select(k => Dot(directions.AsSpan(k * runtime.Dimension, runtime.Dimension), gradient)).ToArray();
        Assert.All(forward, value => Assert.NotEqual(0, value));
        Golden.AssertClose(reverse, forward, 2e-5, 1e-5);
        Golden.AssertClose(forward, differences, 2e-2, 2e-3);
        Golden.AssertClose(Golden.Widen(runtime.Features(batch, theta, cancellation)), Golden.Widen(jvp.Features), 2e-6);
    }

    [Fact]
    public void Lora_gradient_of_A_is_zero_while_B_is_zero()
    {
        using var runtime = TinyBert.Open(_folder, AdapterSpec.LoraQueryValue with { Rank = 2 });
        var layout = FwdLLM.Modeling.Compilation.CompiledModel.Open(Directory.GetDirectories(_folder.Path).Single()).Layout;
        var theta = TinyBert.Values(runtime.Dimension, 0.3f, 11);
        foreach (var block in layout.Blocks.Where(block => block.Name.EndsWith(".lora_B", StringComparison.Ordinal)))
            theta.AsSpan(block.Offset, block.Length).Clear();
        var batch = TinyBert.Batch(5, 6);
        var gradient = runtime.Vjp(batch, theta, TinyBert.Values(2 * runtime.FeatureSize, 1, 3), TestContext.Current.CancellationToken);
        foreach (var block in layout.Blocks)
            Assert.Equal(block.Name.EndsWith(".lora_A", StringComparison.Ordinal), gradient.AsSpan(block.Offset, block.Length).IndexOfAnyExcept(0f) < 0);
    }

    [Fact]
    public void One_sided_differences_approach_the_exact_derivative()
    {
        using var runtime = TinyBert.Open(_folder, AdapterSpec.Default with { Rank = 4 });
        var cancellation = TestContext.Current.CancellationToken;
        var batch = TinyBert.Batch(6, 11);
        var theta = TinyBert.Values(runtime.Dimension, 0.1f, 1);
        var direction = TinyBert.Values(runtime.Dimension, 1, 2);
        var weights = TinyBert.Values(batch.Length * runtime.FeatureSize, 1, 3);
        var exact = Dot(runtime.Jvp(batch, theta, direction, cancellation).Tangents, weights);
        var estimate = FiniteDifferences.OneSided(runtime, batch, theta, direction, 1e-4, (features, _, _) => Dot(features, weights), cancellation)[0];
        Assert.Equal(exact, estimate, Math.Abs(exact) * 0.03);
    }

    public void Dispose() => _folder.Dispose();

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var index = 0; index < a.Length; index++)
            sum += (double)a[index] * b[index];
        return sum;
    }
}
