using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Checkpoints.Gguf;

namespace FwdLLM.Tests.Modeling.Checkpoints.Gguf;

public sealed class GgufLlamaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("model.gguf");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tied_output_defaults_and_rope_divisors_are_read()
    {
        using (var file = Open(TinyGgufLlama.Metadata().WithTensors()))
        {
            var config = GgufLlamaConfig.Read(file);
            Assert.Equal(new GgufLlamaConfig(1, 32, 256, 2, 1, 16, 64, 8, 1e-5f, 10_000, 1, null, true), config);
            Assert.False(new GgufLlamaTensors(file).Contains("lm_head.weight"));
        }

        float[] divisors = [1, 1, 1.5f, 2, 3, 5, 8, 8];
        using var scaled = Open(TinyGgufLlama.Metadata()
            .Entry("llama.rope.freq_base", 500_000f)
            .Entry("llama.rope.scaling.type", "linear")
            .Entry("llama.rope.scaling.factor", 4f)
            .WithTensors()
            .Tensor("output.weight", GgufTensorType.F16, 8, 32)
            .Tensor("rope_freqs.weight", (uint)GgufTensorType.F32, [8], [.. divisors.SelectMany(BitConverter.GetBytes)]));
        var tensors = new GgufLlamaTensors(scaled);
        Assert.Equal(divisors, tensors.Config.RopeFrequencyDivisors!);
        Assert.Equal((500_000f, 4f, false), (tensors.Config.RopeBase, tensors.Config.RopeLinearFactor, tensors.Config.TiedOutput));
        Assert.Equal(scaled.ReadFloat32("output.weight"), tensors.ReadFloat32("lm_head.weight"));
    }

    [Fact]
    public void Metadata_that_is_not_supported_is_refused()
    {
        RefusedWith("llama.rope.scaling.type", "yarn", "'yarn'");
        RefusedWith("split.count", 2u, "2 parts");
        RefusedWith("llama.rope.dimension_count", 8u, "heads are 16 wide");
        RefusedWith("llama.attention.value_length", 8u, "heads are 16 wide");
        RefusedWith("llama.attention.key_length", 15u, "even width");
        RefusedWith("llama.vocab_size", 9u, "9 tokens");
        RefusedWith("llama.rope.freq_base", -1f, "-1");
        RefusedWith("llama.rope.freq_base", float.NaN, "NaN");
        RefusedWith("llama.rope.freq_base", 1u, "UInt32");
        Refused(new GgufBuilder().Entry("general.architecture", "gemma").WithTensors(), "'gemma'");
        Refused(new GgufBuilder().Entry("general.architecture", "llama").WithTensors(), "embedding_length");
        Refused(new GgufBuilder().WithTensors(), "architecture");
    }

    [Fact]
    public void Tensors_that_do_not_make_this_model_are_refused()
    {
        Refused(TinyGgufLlama.Metadata(), "token_embd.weight");
        Refused(TinyGgufLlama.Metadata().WithTensors().Tensor("blk.0.attn_q.bias", GgufTensorType.F32, 32), "'blk.0.attn_q.bias'");
        Refused(TinyGgufLlama.Metadata().WithTensors().Tensor("blk.1.attn_norm.weight", GgufTensorType.F32, 32), "'blk.1.attn_norm.weight'");
        Refused(TinyGgufLlama.Metadata().WithTensors().Tensor("output.weight", GgufTensorType.F32, 8, 31), "[8, 31]");
        Refused(TinyGgufLlama.Metadata().WithTensors().Tensor("rope_freqs.weight", GgufTensorType.F32, 16), "[16]");
        Refused(TinyGgufLlama.Metadata().WithTensors().Tensor("rope_freqs.weight", (uint)GgufTensorType.F32, [8], new byte[32]), "positive");
    }

    [Fact]
    public void Tokenizer_lists_and_ids_must_fit_the_vocabulary()
    {
        TokenizerRefused(new GgufBuilder().Entry("tokenizer.ggml.model", "gpt2"), "tokenizer.ggml.tokens");
        TokenizerRefused(new GgufBuilder().Entry("tokenizer.ggml.tokens", ["a"]), "tokenizer.ggml.model");
        TokenizerRefused(Two().Entry("tokenizer.ggml.token_type", [1]), "1 entries");
        TokenizerRefused(Two().Array("tokenizer.ggml.scores", GgufValueKind.Float32, [1f], (writer, value) => writer.Write(value)), "1 entries");
        TokenizerRefused(Two().Entry("tokenizer.ggml.bos_token_id", 2), "bos_token_id 2");
        TokenizerRefused(Two().Entry("tokenizer.ggml.bos_token_id", uint.MaxValue), "4294967295");
        TokenizerRefused(Two().Entry("tokenizer.ggml.add_bos_token", 1), "flag");
        TokenizerRefused(Two().Entry("tokenizer.ggml.merges", "a b"), "list of texts");

        static GgufBuilder Two() => new GgufBuilder().Entry("tokenizer.ggml.model", "gpt2").Entry("tokenizer.ggml.tokens", ["a", "b"]);
    }

    private void RefusedWith(string key, string value, string reason) => Refused(TinyGgufLlama.Metadata().Entry(key, value).WithTensors(), reason);

    private void RefusedWith(string key, uint value, string reason) => Refused(TinyGgufLlama.Metadata().Entry(key, value).WithTensors(), reason);

    private void RefusedWith(string key, float value, string reason) => Refused(TinyGgufLlama.Metadata().Entry(key, value).WithTensors(), reason);

    private void Refused(GgufBuilder builder, string reason)
    {
        using var file = Open(builder);
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => new GgufLlamaTensors(file)).Message, StringComparison.Ordinal);
    }

    private void TokenizerRefused(GgufBuilder builder, string reason)
    {
        using var file = Open(builder);
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => GgufTokenizerData.Read(file.Metadata)).Message, StringComparison.Ordinal);
    }

    private GgufFile Open(GgufBuilder builder)
    {
        File.WriteAllBytes(Path, builder.Build());
        return GgufFile.Open(Path);
    }
}
