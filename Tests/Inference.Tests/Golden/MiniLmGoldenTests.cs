using System.Text.Json;
using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Exports;

namespace FwdLLM.Tests.Inference;

/// <summary>all-MiniLM-L6-v2 against PyTorch in double precision.</summary>
public sealed class MiniLmGoldenTests : IDisposable
{
    private static readonly AdapterSpec Lora = new(AdapterKinds.Lora, 4, 8, ["query", "value"]);

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Features_of_single_sentences_match_the_reference_embeddings()
    {
        using var runtime = Open(Lora);
        var features = runtime.Features(Sentences(), new float[runtime.Dimension], TestContext.Current.CancellationToken);
        var expected = Golden.Floats(TestPaths.RequireGolden("minilm", "embeddings.safetensors"), "embeddings");
        Golden.AssertClose(Golden.Widen(expected), Golden.Widen(features), 1e-5);
    }

    [Fact]
    public void Directional_derivatives_of_lora_and_head_match_automatic_differentiation()
    {
        using var runtime = Open(Lora);
        var (theta, head, directions, headDirections) = Oracle(runtime.Dimension);
        var (batch, labels) = Batch();
        var result = runtime.Jvp(batch, theta, directions, TestContext.Current.CancellationToken);

        var expected = TestPaths.RequireGolden("minilm", "lora_expected.safetensors");
        Golden.AssertClose(Golden.Doubles(expected, "logits"), head.Logits(result.Features), 1e-5);
        Golden.AssertClose(Golden.Doubles(expected, "loss"), [head.Loss(result.Features, labels)], 5e-6);
        Golden.AssertClose(Golden.Doubles(expected, "directional_derivative"), Derivatives(result, head, headDirections, labels), 1e-5, 1e-4);
        Golden.AssertClose(Golden.Doubles(expected, "directional_derivative_lora_only"), Derivatives(result, head, null, labels), 1e-5, 1e-4);
    }

    [Fact]
    public async Task Exported_model_gives_the_reference_logits_in_onnx_runtime_alone()
    {
        using var runtime = Open(Lora);
        var (theta, head, _, _) = Oracle(runtime.Dimension);
        var (batch, _) = Batch();
        var classifier = new LinearClassifier(Array.ConvertAll(head.Weight, value => (float)value), Array.ConvertAll(head.Bias, value => (float)value));
        ExportFormats.Write(["onnx", "onnx-adapter"], new TrainedModel(CompiledModel.Open(_folder.File("model")), theta, classifier, [], 64, "all-MiniLM-L6-v2"), _folder.File("export"));

        var expected = Golden.Doubles(TestPaths.RequireGolden("minilm", "lora_expected.safetensors"), "logits");
        Golden.AssertClose(expected, Golden.Widen((await PlainOnnxRuntime.RunAsync(batch, padding: 0, _folder.File("export/model.onnx"))).Logits), 1e-5);
        Golden.AssertClose(expected, Golden.Widen((await PlainOnnxRuntime.RunAsync(batch, padding: 0, _folder.File("export/base.onnx"), _folder.File("export/adapter.onnx_adapter"))).Logits), 1e-5);
    }

    [Fact]
    public void Vjp_matches_the_reference_gradient_of_every_block()
    {
        using var runtime = Open(Lora);
        var (theta, head, _, _) = Oracle(runtime.Dimension);
        var (batch, labels) = Batch();
        var cotangents = head.Cotangents(runtime.Features(batch, theta, TestContext.Current.CancellationToken), labels);
        var gradient = runtime.Vjp(batch, theta, cotangents, TestContext.Current.CancellationToken);

        var expected = TestPaths.RequireGolden("minilm", "lora_expected.safetensors");
        foreach (var block in CompiledModel.Open(_folder.File("model")).Layout.Blocks)
            Golden.AssertClose(
                Golden.Widen(Golden.Floats(expected, $"grad.base_model.model.{block.Name}.weight")),
                Golden.Widen(gradient.AsSpan(block.Offset, block.Length)), 1e-6, 1e-4);
    }

    public void Dispose() => _folder.Dispose();

    private ModelRuntime Open(AdapterSpec spec)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireShared("models", "all-MiniLM-L6-v2"));
        return ModelRuntime.Open(ModelCompiler.Compile(checkpoint, spec, _folder.File("model"), withVjp: true));
    }

    private static double[] Derivatives(FeatureTangents result, LinearHead head, LinearHead[]? directions, int[] labels)
    {
        var size = result.Features.Length;
        return [.. Enumerable.Range(0, result.Tangents.Length / size).Select(k => head.Derivative(result.Features, result.Tangents.AsSpan(k * size, size), directions?[k], labels))];
    }

    private static TokenSequence[] Sentences()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("minilm", "sentences.json")));
        return [.. document.RootElement.EnumerateArray().Select(item => new TokenSequence(item.GetProperty("ids").Deserialize<int[]>()!))];
    }

    private static (TokenSequence[] Batch, int[] Labels) Batch()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("minilm", "case.json")));
        return (Sentences()[..16], document.RootElement.GetProperty("labels").Deserialize<int[]>()!);
    }

    // θ and the head as case.json defines them: one generator through all tensors, each with its own bound; 16 directions of signs.
    private static (float[] Theta, LinearHead Head, float[] Directions, LinearHead[] HeadDirections) Oracle(int dimension)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("minilm", "case.json")));
        var root = document.RootElement;
        var state = root.GetProperty("generator").GetProperty("lora_seed").GetUInt64();
        var flat = new List<float>();
        foreach (var tensor in root.GetProperty("lora").GetProperty("flat_order").EnumerateArray())
        {
            var bound = tensor.GetProperty("a").GetDouble();
            var count = tensor.GetProperty("shape").Deserialize<int[]>()!.Aggregate(1, (product, size) => product * size);
            for (var index = 0; index < count; index++)
                flat.Add((float)((2 * ((Next(ref state) >> 11) * (1.0 / (1UL << 53))) - 1) * bound));
        }

        var seed = root.GetProperty("generator").GetProperty("direction_seed_base").GetUInt64();
        var directions = new float[16 * dimension];
        var headDirections = new LinearHead[16];
        for (var k = 0UL; k < 16; k++)
        {
            var generator = seed + k;
            var signs = Enumerable.Range(0, flat.Count).Select(_ => Next(ref generator) >> 63 == 0 ? 1f : -1f).ToArray();
            signs.AsSpan(0, dimension).CopyTo(directions.AsSpan((int)k * dimension));
            headDirections[k] = Head(signs, dimension);
        }

        return ([.. flat.Take(dimension)], Head([.. flat], dimension), directions, headDirections);
    }

    private static LinearHead Head(float[] flat, int from) => new(Golden.Widen(flat.AsSpan(from, flat.Length - from - 2)), Golden.Widen(flat.AsSpan(flat.Length - 2)));

    private static ulong Next(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
