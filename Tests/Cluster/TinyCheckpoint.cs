using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Cluster;

/// <summary>A BERT checkpoint with random weights and a vocabulary of letters: 2 layers, width 16. Compiles and computes in milliseconds.</summary>
internal static class TinyCheckpoint
{
    private const int Hidden = 16, Layers = 2, Heads = 2, Inner = 32, Positions = 40;

    private static readonly string[] Pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Letters(""), .. Letters("##")];

    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"model_type": "bert", "hidden_size": {{Hidden}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": {{Heads}},
             "intermediate_size": {{Inner}}, "vocab_size": {{Pieces.Length}}, "max_position_embeddings": {{Positions}}, "type_vocab_size": 2,
             "layer_norm_eps": 1e-12, "hidden_act": "gelu"}
            """);
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Concat(Pieces.Select(piece => piece + "\n")));
        var config = new ModelConfig("bert", Hidden, Layers, Heads, Inner, Pieces.Length, Positions, 2, 1e-12, "gelu");
        var random = new Random(3);
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            KnownArchitectures.RequiredTensors(config).Select(tensor => SafetensorsTensor.Float32(tensor.Name, tensor.Shape, Values(tensor.Name, tensor.Shape, random))).ToList());
    }

    private static float[] Values(string name, int[] shape, Random random)
    {
        var middle = name.EndsWith("LayerNorm.weight", StringComparison.Ordinal) ? 1f : 0f;
        return [.. Enumerable.Range(0, shape.Aggregate(1, (product, size) => product * size)).Select(_ => middle + random.NextSingle() - 0.5f)];
    }

    private static IEnumerable<string> Letters(string prefix) => Enumerable.Range('a', 26).Select(letter => $"{prefix}{(char)letter}");
}
