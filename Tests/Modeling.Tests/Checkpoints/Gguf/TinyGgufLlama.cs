using FwdLLM.Modeling.Checkpoints.Gguf;

namespace FwdLLM.Tests.Modeling.Checkpoints.Gguf;

/// <summary>The smallest file that reads as a LLaMA model with a tokenizer: one layer, width 32, two heads of 16, eight tokens.</summary>
internal static class TinyGgufLlama
{
    public static GgufBuilder Metadata() => new GgufBuilder()
        .Entry("general.architecture", "llama")
        .Entry("llama.block_count", 1)
        .Entry("llama.context_length", 64)
        .Entry("llama.embedding_length", 32)
        .Entry("llama.feed_forward_length", 256)
        .Entry("llama.attention.head_count", 2)
        .Entry("llama.attention.head_count_kv", 1)
        .Entry("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .Entry("tokenizer.ggml.model", "gpt2")
        .Entry("tokenizer.ggml.tokens", ["a", "b", "c", "d", "e", "f", "g", "é"])
        .Entry("tokenizer.ggml.token_type", [3, 1, 1, 1, 1, 1, 1, 1])
        .Entry("tokenizer.ggml.merges", ["a b"])
        .Entry("tokenizer.ggml.eos_token_id", 7)
        .Array("nested", GgufValueKind.Array, new byte[][] { [1, 2], [] }, (writer, inner) =>
        {
            writer.Write((uint)GgufValueKind.UInt8);
            writer.Write((ulong)inner.Length);
            writer.Write(inner);
        });

    public static GgufBuilder WithTensors(this GgufBuilder builder) => builder
        .Tensor("token_embd.weight", GgufTensorType.Q8_0, 8, 32)
        .Tensor("output_norm.weight", GgufTensorType.F32, 32)
        .Tensor("blk.0.attn_norm.weight", GgufTensorType.F32, 32)
        .Tensor("blk.0.attn_q.weight", GgufTensorType.Q4_0, 32, 32)
        .Tensor("blk.0.attn_k.weight", GgufTensorType.F16, 16, 32)
        .Tensor("blk.0.attn_v.weight", GgufTensorType.Q4_1, 16, 32)
        .Tensor("blk.0.attn_output.weight", GgufTensorType.Q5_1, 32, 32)
        .Tensor("blk.0.ffn_norm.weight", GgufTensorType.BF16, 32)
        .Tensor("blk.0.ffn_gate.weight", GgufTensorType.Q4_0, 256, 32)
        .Tensor("blk.0.ffn_up.weight", GgufTensorType.Q5_0, 256, 32)
        .Tensor("blk.0.ffn_down.weight", GgufTensorType.Q2_K, 32, 256);
}
