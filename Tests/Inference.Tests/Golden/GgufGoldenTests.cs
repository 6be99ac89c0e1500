using System.Text.Json;
using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>LLaMA models in GGUF files, from the file to logits, against transformers with the same dequantised weights in double precision.</summary>
public sealed class GgufGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Small_model_has_the_hidden_states_and_logits_of_the_reference(int firstLayer)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("gguf", "tiny_llama.gguf"));
        var (batch, _) = Golden.Inputs(TestPaths.RequireGolden("arch", "llama_causal", "inputs.json"));
        var expected = TestPaths.RequireGolden("gguf", "tiny_llama_expected.safetensors");
        using var runtime = Open(checkpoint, firstLayer);
        var features = runtime.Features(batch, new float[runtime.Dimension], Cancellation);
        Golden.AssertClose(Golden.Unpad(Golden.Doubles(expected, "last_hidden_state"), batch), Golden.Widen(features), 2e-5);
        Golden.AssertClose(Golden.Unpad(Golden.Doubles(expected, "logits"), batch), GoldenHead.Read("causal", checkpoint).Logits(features), 2e-5);
    }

    /// <summary>540 MB of weights in float32, written to a temporary folder and deleted.</summary>
    [Fact]
    public void SmolLM2_predicts_what_the_reference_predicts()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("gguf", "smollm2_expected.json")));
        using var checkpoint = Checkpoint.Open(TestPaths.RequireShared("models", "SmolLM2-135M-Instruct-GGUF", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        using var runtime = Open(checkpoint, checkpoint.Config.Layers - 1);
        var tokenizer = FwdLLM.Modeling.Tokenization.Tokenizers.Load(_folder.File("model"));
        var head = checkpoint.ReadFloat32(KnownArchitectures.OutputWeight(checkpoint.Config)!);

        foreach (var prompt in document.RootElement.GetProperty("prompts").EnumerateArray())
        {
            var hidden = Hidden(prompt);
            var logits = Logits(head, hidden.AsSpan(hidden.Length - runtime.FeatureSize));
            var best = Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).Take(10).ToArray();
            Assert.Equal(Read<int[]>(prompt, "top10_ids_float64"), best);
            Golden.AssertClose(Read<double[]>(prompt, "top10_logits_float64"), [.. best.Select(id => logits[id])], 1e-3);
        }

        foreach (var text in document.RootElement.GetProperty("texts").EnumerateArray())
        {
            var (hidden, ids) = (Hidden(text), Read<int[]>(text, "ids"));
            var actual = Enumerable.Range(1, ids.Length - 1).Select(position =>
            {
                var logits = Logits(head, hidden.AsSpan((position - 1) * runtime.FeatureSize, runtime.FeatureSize));
                var largest = logits.Max();
                return logits[ids[position]] - largest - Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
            });
            Golden.AssertClose([.. Read<double?[]>(text, "token_logprobs_float64").Skip(1).Select(value => value!.Value)], [.. actual], 1e-3);
        }

        float[] Hidden(JsonElement item)
        {
            var ids = Read<int[]>(item, "ids");
            Assert.Equal(ids, tokenizer.Encode(item.GetProperty("text").GetString()!, int.MaxValue));
            return runtime.Features([new TokenSequence(ids)], new float[runtime.Dimension], Cancellation);
        }
    }

    public void Dispose() => _folder.Dispose();

    private ModelRuntime Open(Checkpoint checkpoint, int firstLayer) => ModelRuntime.Open(ModelCompiler.Compile(
        ModelSource.From(checkpoint) with { Pooling = PoolingKind.Tokens }, AdapterSpec.LoraQueryValue with { Rank = 2, FirstLayer = firstLayer }, _folder.File("model"), withVjp: false));

    private static T Read<T>(JsonElement item, string key) => item.GetProperty(key).Deserialize<T>()!;

    /// <summary>Output layer [vocabulary, H] times one hidden state [H], summed in double precision.</summary>
    private static double[] Logits(float[] head, ReadOnlySpan<float> hidden)
    {
        var logits = new double[head.Length / hidden.Length];
        for (var id = 0; id < logits.Length; id++)
            for (var h = 0; h < hidden.Length; h++)
                logits[id] += (double)head[id * hidden.Length + h] * hidden[h];
        return logits;
    }
}
