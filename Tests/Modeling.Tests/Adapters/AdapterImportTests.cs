using System.Text.Json.Nodes;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Tests.Modeling.Adapters;

public sealed class AdapterImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("bert_lora", "bert_seqcls", 8f)]
    [InlineData("bert_lora_rslora", "bert_seqcls", 16f)] // α/√r = 8/√4 is the scale of α/r = 16/4.
    [InlineData("distilbert_lora", "distilbert_seqcls", 8f)]
    public void Lora_of_peft_is_recognised(string name, string model, float alpha)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", model, "model"));
        var spec = AdapterImport.Specification(TestPaths.RequireGolden("peft", name, "adapter"), checkpoint.Config)!;
        Assert.Equal((AdapterKinds.Lora, 4, alpha, 0), (spec.Kind, spec.Rank, spec.Alpha, spec.FirstLayer));
        Assert.Equal(["query", "value"], spec.Targets);
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
    [InlineData("target_modules", "[\"c_attn\"]", "no linear layer")]
    [InlineData("target_modules", "\".*query\"", "target_modules")]
    [InlineData("target_modules", "[\"layer.0.attention.self.query\", \"value\"]", "differ")]
    [InlineData("rank_pattern", "{\"value\": 2}", "differ")]
    [InlineData("use_dora", "true", "use_dora")]
    public void What_is_not_one_lora_for_all_blocks_is_refused(string key, string value, string reason)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "bert_seqcls", "model"));
        var config = JsonNode.Parse(File.ReadAllText(TestPaths.RequireGolden("peft", "bert_lora", "adapter", "adapter_config.json")))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(_folder.File("adapter_config.json"), config.ToJsonString());
        var error = Assert.Throws<CheckpointException>(() => AdapterImport.Specification(_folder.Path, checkpoint.Config));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Adapter_of_another_rank_or_model_is_refused_by_tensor()
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "bert_seqcls", "model"));
        var adapter = TestPaths.RequireGolden("peft", "bert_lora", "adapter");
        var rank = Assert.Throws<CheckpointException>(() => AdapterImport.Theta(adapter, AdapterSpec.LoraQueryValue with { Rank = 2 }, checkpoint));
        Assert.Contains("query.lora_A.weight' is [4, 48]", rank.Message, StringComparison.Ordinal);
        var target = Assert.Throws<CheckpointException>(() => AdapterImport.Theta(adapter, AdapterSpec.LoraQueryValue with { Rank = 4, Targets = ["key"] }, checkpoint));
        Assert.Contains("key.lora_A.weight", target.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => AdapterImport.Theta(adapter, AdapterSpec.Default with { Rank = 4 }, checkpoint));
    }

    public void Dispose() => _folder.Dispose();
}
