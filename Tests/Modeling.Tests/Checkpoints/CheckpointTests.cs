using System.Text.Json.Nodes;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Modeling.Checkpoints;

public sealed class CheckpointTests
{
    [Theory]
    [InlineData("bert_base", PoolingKind.Pooler)]
    [InlineData("bert_seqcls", PoolingKind.Pooler)]
    [InlineData("bert_qa", PoolingKind.Mean)]
    public void Every_kind_of_bert_has_the_same_names(string name, PoolingKind pooling)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", name, "model"));
        Assert.Equal(pooling, checkpoint.Pooling);
        Assert.Equal(48, checkpoint.Config.HiddenSize);
        Assert.Equal([96, 48], checkpoint.Shape("encoder.layer.1.intermediate.dense.weight"));
        Assert.Equal(96 * 48, checkpoint.ReadFloat32("encoder.layer.1.intermediate.dense.weight").Length);
        Assert.DoesNotContain(checkpoint.Names, tensor => tensor.StartsWith("bert.", StringComparison.Ordinal));
    }

    [Fact]
    public void Distilbert_has_no_segments_and_pools_as_its_classifier_does()
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "distilbert_seqcls", "model"));
        Assert.Equal(new ModelConfig("distilbert", 32, 3, 4, 64, 110, 32, 0, 1e-12, "gelu"), checkpoint.Config);
        Assert.Equal(PoolingKind.Pooler, checkpoint.Pooling);
        Assert.Equal([64, 32], checkpoint.Shape("transformer.layer.2.ffn.lin1.weight"));
    }

    [Fact]
    public void Sentence_encoder_pools_by_mean_although_it_has_a_pooler()
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireShared("models", "all-MiniLM-L6-v2"));
        Assert.True(checkpoint.Contains("pooler.dense.weight"));
        Assert.Equal(PoolingKind.Mean, checkpoint.Pooling);
        Assert.Equal(30_522, checkpoint.LoadTokenizer().VocabularySize);
    }

    [Fact]
    public void Unknown_architecture_is_refused_with_the_known_ones()
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        tiny.Config["model_type"] = "perceptron";
        tiny.Write(folder.Path);
        var message = Refusal(folder);
        Assert.Contains("model_type is 'perceptron'", message, StringComparison.Ordinal);
        Assert.All(KnownArchitectures.Names, name => Assert.Contains(name, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("hidden_size", "0")]
    [InlineData("hidden_size", "5")]
    [InlineData("hidden_size", "1e9")]
    [InlineData("num_attention_heads", "3")]
    [InlineData("num_hidden_layers", "\"6\"")]
    [InlineData("layer_norm_eps", "-1")]
    [InlineData("hidden_act", "\"swish\"")]
    [InlineData("position_embedding_type", "\"relative_key\"")]
    [InlineData("is_decoder", "true")]
    [InlineData("vocab_size", "null")]
    public void Config_values_out_of_range_are_refused_by_key(string key, string value)
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        tiny.Config[key] = JsonNode.Parse(value);
        tiny.Write(folder.Path);
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path).Dispose());
        // A width of 5 is a legal one, but not a multiple of the heads.
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_tensor_is_named()
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        tiny.Tensors.Remove("encoder.layer.0.output.dense.bias");
        tiny.Write(folder.Path);
        Assert.Contains("encoder.layer.0.output.dense.bias", Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Tensor_of_another_shape_is_named_with_both_shapes()
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        tiny.Add("encoder.layer.0.output.dense.weight", [8, 4]);
        tiny.Write(folder.Path);
        var message = Refusal(folder);
        Assert.Contains("[8, 4]", message, StringComparison.Ordinal);
        Assert.Contains("[4, 8]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Name_with_and_without_prefix_is_refused()
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        tiny.Add("bert." + "embeddings.word_embeddings.weight", [11, 4]);
        tiny.Write(folder.Path);
        Assert.Contains("bert." + "embeddings.word_embeddings.weight", Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Old_names_of_norms_are_understood()
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        tiny.Tensors.Remove("embeddings.LayerNorm.weight");
        tiny.Add("embeddings.LayerNorm.gamma", [4]);
        tiny.Write(folder.Path);
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(4, checkpoint.ReadFloat32("embeddings.LayerNorm.weight").Length);
    }

    [Fact]
    public void Pooling_by_first_token_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        new TinyBert { Pooling = "pooling_mode_cls_token" }.Write(folder.Path);
        Assert.Contains("pooling_mode_cls_token", Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Classifier_without_pooler_is_refused()
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        tiny.Add("classifier.weight", [3, 4]);
        tiny.Add("classifier.bias", [3]);
        tiny.Write(folder.Path);
        Assert.Contains("pooler", Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Int8_tensor_reads_as_integer_times_scale_of_its_row()
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        const string name = "encoder.layer.0.attention.self.key.weight";
        tiny.Tensors[name] = SafetensorsTensor.Int8(name, [4, 4], [.. Enumerable.Range(-8, 16).Select(i => (sbyte)i)]);
        tiny.Tensors[name + ".scale"] = SafetensorsTensor.Float32(name + ".scale", [4], [1, 0.5f, 2, 10]);
        tiny.Write(folder.Path);
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal([-8, -7, -6, -5, -2, -1.5f, -1, -0.5f, 0, 2, 4, 6, 40, 50, 60, 70], checkpoint.ReadFloat32(name));
        Assert.DoesNotContain(name + ".scale", checkpoint.Names);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3)]
    public void Int8_tensor_without_a_fitting_scale_is_refused(int? rows)
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        const string name = "encoder.layer.0.attention.self.key.weight";
        tiny.Tensors[name] = SafetensorsTensor.Int8(name, [4, 4], new sbyte[16]);
        if (rows is not null)
            tiny.Add(name + ".scale", [rows.Value]);
        tiny.Write(folder.Path);
        Assert.Contains(name + ".scale", Refusal(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Vocabulary_beyond_the_embedding_is_refused()
    {
        using var folder = new TemporaryFolder();
        new TinyBert().Write(folder.Path);
        File.AppendAllText(folder.File("vocab.txt"), "ba\n");
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Contains("12 pieces", Assert.Throws<CheckpointException>(checkpoint.LoadTokenizer).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_ignores_prefix_and_layout_of_the_file()
    {
        using var folder = new TemporaryFolder();
        using var prefixed = new TemporaryFolder();
        var tiny = new TinyBert().Write(folder.Path);
        foreach (var (name, tensor) in tiny.Tensors.ToList())
            tiny.Tensors[name] = tensor with { Name = "bert." + name };
        tiny.Write(prefixed.Path);
        Assert.Equal(Hash(folder), Hash(prefixed));
        Assert.Matches("^[0-9a-f]{64}$", Hash(folder));
    }

    [Fact]
    public void Hash_changes_with_weights_vocabulary_config_and_pooling()
    {
        var hashes = new List<string>();
        void Collect(Action<TinyBert>? bend = null, string? vocabulary = null)
        {
            using var folder = new TemporaryFolder();
            var tiny = new TinyBert(pooler: true);
            bend?.Invoke(tiny);
            tiny.Write(folder.Path);
            if (vocabulary is not null)
                File.AppendAllText(folder.File("vocab.txt"), vocabulary);
            hashes.Add(Hash(folder));
        }

        Collect();
        Collect(tiny => tiny.Tensors["pooler.dense.bias"] = SafetensorsTensor.Float32("pooler.dense.bias", [4], [1, 2, 3, 4]));
        Collect(tiny => tiny.Config["num_attention_heads"] = 4);
        Collect(tiny => tiny.Pooling = "pooling_mode_mean_tokens");
        Collect(vocabulary: "x");
        Assert.Equal(hashes.Count, hashes.Distinct().Count());
    }

    private static string Hash(TemporaryFolder folder)
    {
        using var checkpoint = Checkpoint.Open(folder.Path);
        return checkpoint.Sha256;
    }

    private static string Refusal(TemporaryFolder folder) =>
        Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path).Dispose()).Message;
}
