using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Cluster;

/// <summary>A causal checkpoint with random weights whose tokens are letters: 2 layers, width 16, output layer tied to the embedding.</summary>
internal static class TinyLlama
{
    private const string End = "<|end|>";

    private static readonly string[] Pieces = [End, "Ġ", ":", .. Enumerable.Range('a', 26).Select(letter => ((char)letter).ToString())];

    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"model_type": "llama", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 32,
             "vocab_size": {{Pieces.Length}}, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "hidden_act": "silu", "rope_theta": 10000.0, "tie_word_embeddings": true}
            """);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), JsonSerializer.Serialize(new
        {
            added_tokens = new[] { new { id = 0, content = End, special = true } },
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false },
            model = new { type = "BPE", vocab = Pieces.Select((piece, id) => (piece, id)).ToDictionary(entry => entry.piece, entry => entry.id), merges = Array.Empty<string>() },
        }));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), JsonSerializer.Serialize(new { eos_token = End }));
        var config = new ModelConfig("llama", 16, 2, 2, 32, Pieces.Length, 64, 0, 1e-5, "silu") { KeyValueHeads = 2, HeadSize = 8, TiedOutput = true };
        var random = new Random(4);
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            KnownArchitectures.RequiredTensors(config).Select(tensor => SafetensorsTensor.Float32("model." + tensor.Name, tensor.Shape, Values(tensor.Name, tensor.Shape, random))).ToList());
    }

    private static float[] Values(string name, int[] shape, Random random)
    {
        var middle = name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1f : 0f;
        return [.. Enumerable.Range(0, shape.Aggregate(1, (product, size) => product * size)).Select(_ => middle + random.NextSingle() - 0.5f)];
    }
}
