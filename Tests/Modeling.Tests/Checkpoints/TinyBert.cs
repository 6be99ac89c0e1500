using System.Text.Json;
using System.Text.Json.Nodes;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Modeling;

/// <summary>A BERT checkpoint of one small layer, to be bent by tests before it is written.</summary>
internal sealed class TinyBert
{
    private const int Hidden = 4, Inner = 8, Positions = 6;

    public TinyBert(IReadOnlyList<string>? pieces = null, bool pooler = false)
    {
        Pieces = pieces ?? ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##a", "##b", "ab", "##ab"];
        Config = JsonNode.Parse($$"""
            {"model_type": "bert", "hidden_size": {{Hidden}}, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": {{Inner}}, "vocab_size": {{Pieces.Count}}, "max_position_embeddings": {{Positions}}, "type_vocab_size": 2,
             "layer_norm_eps": 1e-12, "hidden_act": "gelu"}
            """)!.AsObject();
        var sizes = new ModelConfig("bert", Hidden, 1, 2, Inner, Pieces.Count, Positions, 2, 1e-12, "gelu");
        foreach (var (name, shape) in KnownArchitectures.RequiredTensors(sizes))
            Add(name, shape);
        if (pooler)
        {
            Add("pooler.dense.weight", [Hidden, Hidden]);
            Add("pooler.dense.bias", [Hidden]);
        }
    }

    public IReadOnlyList<string> Pieces { get; }

    public JsonObject Config { get; }

    public Dictionary<string, SafetensorsTensor> Tensors { get; } = [];

    public string? Pooling { get; set; }

    /// <summary>Adds a tensor of values that differ between elements and between names.</summary>
    public void Add(string name, int[] shape)
    {
        var random = new Random(Tensors.Count + 1);
        var values = Enumerable.Range(0, shape.Aggregate(1, (product, size) => product * size)).Select(_ => (float)(2 * random.NextDouble() - 1)).ToArray();
        Tensors[name] = SafetensorsTensor.Float32(name, shape, values);
    }

    public TinyBert Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Concat(Pieces.Select(piece => piece + "\n")));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), Tensors.Values);
        if (Pooling is not null)
        {
            Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
            File.WriteAllText(Path.Combine(folder, "1_Pooling", "config.json"), $$"""{"word_embedding_dimension": 4, "{{Pooling}}": true}""");
        }

        return this;
    }
}
