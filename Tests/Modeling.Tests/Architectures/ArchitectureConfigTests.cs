using System.Text.Json;
using System.Text.Json.Nodes;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Modeling.Architectures;

/// <summary>What config.json of every architecture but BERT says, and what of it is refused.</summary>
public sealed class ArchitectureConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("llama_seqcls")]
    [InlineData("llama_causal")]
    [InlineData("llama3rope_causal")]
    public void Llama_says_the_same_in_both_spellings_of_rotary_positions(string name)
    {
        var config = KnownArchitectures.ReadConfig(TestPaths.RequireGolden("arch", name, "model", "config.json"));
        var older = KnownArchitectures.ReadConfig(TestPaths.RequireGolden("arch", name, "model", "config.legacy.json"));
        Assert.Equal(config.Canonical, older.Canonical);
        Assert.Equal((4, 2, 16, true), (config.Heads, config.KeyValueHeads, config.HeadSize, config.TiedOutput));

        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("arch", name, "case.json")));
        var expected = document.RootElement.GetProperty("inv_freq_float64").Deserialize<double[]>()!;
        Assert.All(expected.Zip(config.Rotary!.Frequencies(config.HeadSize)), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
    }

    [Fact]
    public void Linear_scaling_slows_all_frequencies_alike()
    {
        var plain = Read(Llama()).Rotary!.Frequencies(8);
        var scaled = Llama();
        scaled["rope_scaling"] = JsonNode.Parse("""{"type": "linear", "factor": 4}""");
        Assert.Equal(plain.Select(frequency => frequency / 4), Read(scaled).Rotary!.Frequencies(8));
    }

    [Theory]
    [InlineData("attention_bias", "true", "without biases")]
    [InlineData("mlp_bias", "true", "without biases")]
    [InlineData("hidden_act", "\"swish\"", "swish")]
    [InlineData("num_key_value_heads", "3", "num_key_value_heads 3")]
    [InlineData("head_dim", "7", "head_dim 7")]
    [InlineData("tie_word_embeddings", "1", "tie_word_embeddings is 1")]
    [InlineData("rope_theta", "0", "rope_theta is 0")]
    [InlineData("rope_scaling", "[]", "rope_scaling is []")]
    [InlineData("rope_scaling", """{"type": "dynamic", "factor": 2}""", "'dynamic'")]
    [InlineData("rope_scaling", """{"type": "linear"}""", "no 'factor'")]
    [InlineData("rope_parameters", """{"rope_type": "yarn"}""", "'yarn'")]
    [InlineData("rope_parameters", """{"rope_type": "default", "partial_rotary_factor": 0.5}""", "partial_rotary_factor")]
    [InlineData("rope_parameters", """{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4, "original_max_position_embeddings": 64}""", "high_freq_factor")]
    public void Llama_that_cannot_be_computed_is_refused_by_key(string key, string value, string expected)
    {
        var config = Llama();
        config[key] = JsonNode.Parse(value);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => Read(config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Roberta_takes_the_positions_that_its_padding_leaves()
    {
        var config = KnownArchitectures.ReadConfig(TestPaths.RequireGolden("arch", "roberta_seqcls", "model", "config.json"));
        Assert.Equal((32, 1), (config.MaxPositions, config.PadTokenId));
        Assert.Contains(KnownArchitectures.RequiredTensors(config), tensor => tensor.Name == "embeddings.position_embeddings.weight" && tensor.Shape[0] == 34);
    }

    [Theory]
    [InlineData("num_hidden_groups")]
    [InlineData("inner_group_num")]
    public void Albert_with_several_blocks_is_refused(string key)
    {
        var config = JsonNode.Parse(File.ReadAllText(TestPaths.RequireGolden("arch", "albert_seqcls", "model", "config.json")))!.AsObject();
        config[key] = 2;
        Assert.Contains(key, Assert.Throws<CheckpointException>(() => Read(config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Albert_needs_every_tensor_of_its_block_once()
    {
        var config = KnownArchitectures.ReadConfig(TestPaths.RequireGolden("arch", "albert_seqcls", "model", "config.json"));
        var names = KnownArchitectures.RequiredTensors(config).Select(tensor => tensor.Name).ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.Equal((24, 48, 3), (config.EmbeddingSize, config.HiddenSize, config.Layers));
    }

    public void Dispose() => _folder.Dispose();

    private static JsonObject Llama() => JsonNode.Parse("""
        {"model_type": "llama", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2,
         "intermediate_size": 16, "vocab_size": 10, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "hidden_act": "silu"}
        """)!.AsObject();

    private ModelConfig Read(JsonObject config)
    {
        var path = _folder.File("config.json");
        File.WriteAllText(path, config.ToJsonString());
        return KnownArchitectures.ReadConfig(path);
    }
}
