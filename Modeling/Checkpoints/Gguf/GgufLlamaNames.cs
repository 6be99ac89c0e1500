namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>The norms and linear layers of a LLaMA block under GGUF's and Hugging Face's names, and the order of their rows.</summary>
internal static class GgufLlamaNames
{
    private const string Blocks = "layers.";

    /// <summary>Every one of a block, in the order of computation. Rows of permuted ones have the two members of a rotary pair side by side.</summary>
    public static IReadOnlyList<(string Stored, string Name, bool Permuted)> Block { get; } =
    [
        ("attn_norm", "input_layernorm", false),
        ("attn_q", "self_attn.q_proj", true),
        ("attn_k", "self_attn.k_proj", true),
        ("attn_v", "self_attn.v_proj", false),
        ("attn_output", "self_attn.o_proj", false),
        ("ffn_norm", "post_attention_layernorm", false),
        ("ffn_gate", "mlp.gate_proj", false),
        ("ffn_up", "mlp.up_proj", false),
        ("ffn_down", "mlp.down_proj", false),
    ];

    /// <summary>The stored name of a block's layer, without <c>.weight</c>, and whether its rows are permuted; null for any other layer.</summary>
    /// <param name="module">Hugging Face's name without the model's prefix, for example <c>layers.3.self_attn.q_proj</c>.</param>
    public static (string Stored, bool Permuted)? Find(string module)
    {
        var parts = module.Split('.', 3);
        var found = parts.Length == 3 && module.StartsWith(Blocks, StringComparison.Ordinal) ? Block.FirstOrDefault(part => part.Name == parts[2]) : default;
        return found.Stored is null ? null : ($"blk.{parts[1]}.{found.Stored}", found.Permuted);
    }

    /// <summary>Where row h·H + half·H/2 + j of Hugging Face's order is stored, H being a head's rows: at h·H + 2·j + half.</summary>
    public static long StoredRow(long row, int headSize)
    {
        var (head, within) = Math.DivRem(row, headSize);
        var (half, pair) = Math.DivRem(within, headSize / 2);
        return head * headSize + 2 * pair + half;
    }
}
