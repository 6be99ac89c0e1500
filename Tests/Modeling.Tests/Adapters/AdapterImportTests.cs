using System.Text.Json.Nodes;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Tests.Modeling.Adapters;

public sealed class AdapterImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("bert_lora", "bert_seqcls", false)]
    [InlineData("bert_lora_rslora", "bert_seqcls", true)]
    [InlineData("distilbert_lora", "distilbert_seqcls", false)]
    public void Lora_of_peft_is_recognised(string name, string model, bool stabilised)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", model, "model"));
        var spec = AdapterImport.Specification(TestPaths.RequireGolden("peft", name, "adapter"), checkpoint.Config)!;
        Assert.Equal((AdapterKinds.Lora, 4, 8f, stabilised, 0), (spec.Kind, spec.Rank, spec.Alpha, spec.RankStabilised, spec.FirstLayer));
        Assert.Equal(["query", "value"], spec.Targets);
    }

    [Theory]
    [InlineData("bert_ia3", "bert_seqcls", AdapterKinds.Ia3, 0, "key value attention.output output", "attention.output output")]
    [InlineData("distilbert_ia3", "distilbert_seqcls", AdapterKinds.Ia3, 0, "key value output", "output")]
    [InlineData("bert_bitfit", "bert_seqcls", AdapterKinds.BitFit, 0, "norm query key value attention.output intermediate output other", "")]
    [InlineData("bert_adapter_houlsby", "bert_seqcls", AdapterKinds.Houlsby, 6, "", "")]
    [InlineData("distilbert_adapter_pfeiffer", "distilbert_seqcls", AdapterKinds.Pfeiffer, 6, "", "")]
    public void Other_kinds_are_recognised(string name, string model, string kind, int rank, string targets, string feedForward)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", model, "model"));
        var spec = AdapterImport.Specification(TestPaths.RequireGolden("peft", name, "adapter"), checkpoint.Config)!;
        Assert.Equal((kind, rank, targets, feedForward), (spec.Kind, spec.Rank, string.Join(' ', spec.Targets), string.Join(' ', spec.FeedForward ?? [])));
    }

    [Fact]
    public void Exported_adapter_of_the_upper_blocks_is_recognised()
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "distilbert_seqcls", "model"));
        string[] modules = ["transformer.layer.1.ffn.lin2", "transformer.layer.2.ffn.lin2"];
        PeftExporter.Write(_folder.Path, [.. modules.Select(module => new LoraMatrices(PeftExporter.ModuleName(checkpoint.Config, PeftTask.SequenceClassification, module), 2, 1, new float[2 * 64], new float[32 * 2], 32, 64))], [], PeftTask.SequenceClassification, "m");
        var spec = AdapterImport.Specification(_folder.Path, checkpoint.Config)!;
        Assert.Equal((1, 2), (spec.FirstLayer, spec.Rank));
        Assert.Equal(["output"], spec.Targets);
        Assert.Equal(2 * (2 * 64 + 32 * 2), AdapterImport.Theta(_folder.Path, spec, checkpoint).Length);
    }

    [Theory]
    [InlineData("bert_lora", "target_modules", "[\"c_attn\"]", "no linear layer")]
    [InlineData("bert_lora", "target_modules", "\".*query\"", "target_modules")]
    [InlineData("bert_lora", "target_modules", "[\"layer.0.attention.self.query\", \"value\"]", "differ")]
    [InlineData("bert_lora", "rank_pattern", "{\"value\": 2}", "differ")]
    [InlineData("bert_lora", "r", "49", "rank 49")]
    [InlineData("bert_lora", "use_dora", "true", "use_dora")]
    [InlineData("bert_lora", "target_parameters", "[\"x\"]", "target_parameters")]
    [InlineData("bert_lora", "trainable_token_indices", "[3]", "trainable_token_indices")]
    [InlineData("bert_lora", "exclude_modules", "[\"x\"]", "exclude_modules")]
    [InlineData("bert_ia3", "exclude_modules", "[\"x\"]", "exclude_modules")]
    [InlineData("bert_ia3", "fan_in_fan_out", "true", "fan_in_fan_out")]
    [InlineData("bert_ia3", "feedforward_modules", "\".*dense\"", "feedforward_modules")]
    [InlineData("bert_ia3", "feedforward_modules", "[\"layer.1.output.dense\"]", "some blocks only")]
    [InlineData("bert_bitfit", "targets", "[\"embeddings\"]", "'embeddings'")]
    [InlineData("bert_bitfit", "targets", "7", "targets")]
    [InlineData("bert_bitfit", "first_layer", "2", "first layer 2")]
    [InlineData("bert_bitfit", "first_layer", "-1", "first_layer")]
    [InlineData("bert_adapter_houlsby", "non_linearity", "\"gelu\"", "non_linearity")]
    [InlineData("bert_adapter_houlsby", "bottleneck", "2000000000", "width 2000000000")]
    [InlineData("bert_adapter_pfeiffer", "bottleneck", "0", "width 0")]
    [InlineData("bert_adapter_pfeiffer", "bottleneck", "null", "'bottleneck'")]
    public void What_is_not_one_adapter_for_all_blocks_is_refused(string name, string key, string value, string reason)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "bert_seqcls", "model"));
        var config = JsonNode.Parse(File.ReadAllText(TestPaths.RequireGolden("peft", name, "adapter", "adapter_config.json")))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(_folder.File("adapter_config.json"), config.ToJsonString());
        var error = Assert.Throws<CheckpointException>(() => AdapterImport.Specification(_folder.Path, checkpoint.Config));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Adapter_that_nobody_knows_has_no_specification()
    {
        File.WriteAllText(_folder.File("adapter_config.json"), """{"peft_type": "VERA", "method": 3}""");
        Assert.Null(AdapterImport.Specification(_folder.Path, Graphs.RandomBert.Config));
    }

    [Fact]
    public void Trained_tensor_without_a_place_is_refused_by_name()
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "bert_seqcls", "model"));
        var adapter = TestPaths.RequireGolden("peft", "bert_ia3", "adapter");
        var error = Assert.Throws<CheckpointException>(() => AdapterImport.Theta(adapter, AdapterSpec.Ia3, checkpoint));
        Assert.Contains("attention.output.dense.ia3_l", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Adapter_of_another_rank_or_model_is_refused_by_tensor()
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "bert_seqcls", "model"));
        var adapter = TestPaths.RequireGolden("peft", "bert_lora", "adapter");
        var rank = Assert.Throws<CheckpointException>(() => AdapterImport.Theta(adapter, AdapterSpec.LoraQueryValue with { Rank = 2 }, checkpoint));
        Assert.Contains("query.lora_A.weight' is [4, 48]", rank.Message, StringComparison.Ordinal);
        var target = Assert.Throws<CheckpointException>(() => AdapterImport.Theta(adapter, AdapterSpec.LoraQueryValue with { Rank = 4, Targets = ["query", "key", "value"] }, checkpoint));
        Assert.Contains("key.lora_A.weight", target.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => AdapterImport.Theta(adapter, AdapterSpec.Default with { Rank = 4 }, checkpoint));
    }

    public void Dispose() => _folder.Dispose();
}
