using System.Text.Json;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Modeling.Graphs;

public sealed class AdapterPlanTests
{
    [Fact]
    public void Blocks_follow_layer_then_target_then_A_before_B()
    {
        // Targets are given out of order: the layout must not depend on it.
        var spec = new AdapterSpec(AdapterKinds.Lora, 2, 4, ["output", "query"]);
        var layout = AdapterPlan.Create(spec, RandomBert.Config, PoolingKind.Mean, null).Layout;
        Assert.Equal(
            [
                ("encoder.layer.0.attention.self.query.lora_A", 32, 0.25f), ("encoder.layer.0.attention.self.query.lora_B", 32, 0f),
                ("encoder.layer.0.output.dense.lora_A", 48, (float)(1 / Math.Sqrt(24))), ("encoder.layer.0.output.dense.lora_B", 32, 0f),
                ("encoder.layer.1.attention.self.query.lora_A", 32, 0.25f), ("encoder.layer.1.attention.self.query.lora_B", 32, 0f),
                ("encoder.layer.1.output.dense.lora_A", 48, (float)(1 / Math.Sqrt(24))), ("encoder.layer.1.output.dense.lora_B", 32, 0f),
            ],
            layout.Blocks.Select(block => (block.Name, block.Length, block.InitialBound)));
    }

    [Fact]
    public void Lora_xs_has_one_square_block_per_layer_that_starts_at_zero()
    {
        var layout = AdapterPlan.Create(RandomBert.Spec with { FirstLayer = 1 }, RandomBert.Config, PoolingKind.Mean, null).Layout;
        Assert.Equal(6 * 9, layout.Dimension);
        Assert.All(layout.Blocks, block => Assert.Equal((9, 0f), (block.Length, block.InitialBound)));
        Assert.Equal(
            ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense"],
            layout.Blocks.Select(block => block.Name["encoder.layer.1.".Length..^".R".Length]));
    }

    [Fact]
    public void Targets_have_one_order_and_all_linear_means_every_one()
    {
        string[] all = ["query", "key", "value", "attention.output", "intermediate", "output"];
        Assert.Equal(all, AdapterPlan.Normalize(RandomBert.Spec, RandomBert.Config).Targets);
        Assert.Equal(all, AdapterPlan.Normalize(RandomBert.Spec with { Targets = [.. all.Reverse()] }, RandomBert.Config).Targets);
        Assert.Equal(all, AdapterPlan.Normalize(RandomBert.Spec, RandomBert.Config with { Architecture = "distilbert" }).Targets);
    }

    [Fact]
    public void Ia3_has_one_vector_a_layer_that_starts_at_zero()
    {
        var layout = AdapterPlan.Create(AdapterSpec.Ia3, RandomBert.Config, PoolingKind.Mean, null).Layout;
        // Outputs of key and value, input of output.dense.
        Assert.Equal([16, 16, 24, 16, 16, 24], layout.Blocks.Select(block => block.Length));
        Assert.All(layout.Blocks, block => Assert.Equal(0, block.InitialBound));
        var outputs = AdapterPlan.Create(AdapterSpec.Ia3 with { FeedForward = null }, RandomBert.Config, PoolingKind.Mean, null).Layout;
        Assert.Equal([16, 16, 16, 16, 16, 16], outputs.Blocks.Select(block => block.Length));
    }

    [Fact]
    public void Bitfit_has_every_bias_or_the_chosen_ones()
    {
        IReadOnlyList<string> Names(PoolingKind pooling, int firstLayer, params string[] targets) =>
            [.. AdapterPlan.Create(AdapterSpec.BitFit with { Targets = targets, FirstLayer = firstLayer }, RandomBert.Config, pooling, null).Layout.Blocks.Select(block => block.Name)];
        Assert.Equal(1 + 2 * 8, Names(PoolingKind.Mean, 0, "all-biases").Count);
        Assert.Equal("pooler.dense.bias", Names(PoolingKind.Pooler, 1, "all-biases")[^1]);
        Assert.Equal(8 + 1, Names(PoolingKind.Pooler, 1, "all-biases").Count);
        Assert.Equal(6, Names(PoolingKind.Pooler, 1, "all-linear").Count);
        Assert.Equal(["encoder.layer.1.attention.self.query.bias", "encoder.layer.1.attention.output.LayerNorm.bias", "encoder.layer.1.output.LayerNorm.bias"], Names(PoolingKind.Mean, 1, "norm", "query"));
        Assert.Equal(16 + 2 * (7 * 16 + 24), AdapterPlan.Create(AdapterSpec.BitFit, RandomBert.Config, PoolingKind.Mean, null).Layout.Dimension);
    }

    [Fact]
    public void Bottlenecks_start_with_a_random_first_layer_only()
    {
        var houlsby = AdapterPlan.Create(AdapterSpec.Houlsby with { Reduction = 5 }, RandomBert.Config, PoolingKind.Mean, null);
        Assert.Equal((3, 0), (houlsby.Spec.Rank, houlsby.Spec.Reduction));
        Assert.Equal([48, 3, 48, 16], houlsby.Layout.Blocks.Take(4).Select(block => block.Length));
        Assert.Equal([0.25f, 0f, 0f, 0f], houlsby.Layout.Blocks.Take(4).Select(block => block.InitialBound));
        Assert.Equal("encoder.layer.0.attention.output.adapters.default.adapter_down.0.weight", houlsby.Layout.Blocks[0].Name);
        Assert.Equal(4 * 4, houlsby.Layout.Blocks.Count);
        var pfeiffer = AdapterPlan.Create(AdapterSpec.Pfeiffer, RandomBert.Config, PoolingKind.Mean, null);
        Assert.Equal("encoder.layer.0.output.adapters.default.adapter_down.0.weight", pfeiffer.Layout.Blocks[0].Name);
        Assert.Equal(2 * (16 + 1 + 16 + 16), pfeiffer.Layout.Dimension);
    }

    [Fact]
    public void Optional_fields_of_a_specification_come_back_from_json_and_are_absent_at_their_defaults()
    {
        foreach (var spec in new[] { AdapterSpec.Ia3, AdapterSpec.Houlsby, AdapterSpec.LoraQueryValue with { RankStabilised = true } })
        {
            var json = JsonSerializer.Serialize(spec);
            Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<AdapterSpec>(json)));
        }

        Assert.Equal("""{"Kind":"lora","Rank":8,"Alpha":16,"Targets":["query","value"],"FirstLayer":0}""", JsonSerializer.Serialize(AdapterSpec.LoraQueryValue));
    }

    [Fact]
    public void Specification_that_does_not_fit_is_refused_with_its_value()
    {
        Refused("rank 17", RandomBert.Spec with { Rank = 17 });
        Refused("rank 0", RandomBert.Spec with { Rank = 0 });
        Refused("first layer 2", RandomBert.Spec with { FirstLayer = 2 });
        Refused("first layer -1", RandomBert.Spec with { FirstLayer = -1 });
        Refused("'quary'", RandomBert.Spec with { Targets = ["quary"] });
        Refused("at least one", RandomBert.Spec with { Targets = [] });
        Refused("alpha NaN", AdapterSpec.LoraQueryValue with { Alpha = float.NaN });
        Refused("'query'", AdapterSpec.Ia3 with { FeedForward = ["query"] });
        Refused("'quary'", AdapterSpec.BitFit with { Targets = ["quary"] });
        Refused("targets other", AdapterSpec.BitFit with { Targets = ["other"] });
        Refused("'query'", AdapterSpec.Houlsby with { Targets = ["query"] });
        Refused("width 17", AdapterSpec.Houlsby with { Rank = 17, Reduction = 0 });
        Refused("width 0", AdapterSpec.Houlsby with { Reduction = 0 });
        Refused("reduction 16 with rank 3", AdapterSpec.Pfeiffer with { Rank = 3 });
        Refused("reduction -1", AdapterSpec.Pfeiffer with { Reduction = -1 });
        Refused("kind 'lora-xxs'", RandomBert.Spec with { Kind = "lora-xxs" });
    }

    private static void Refused(string expected, AdapterSpec spec)
    {
        var error = Assert.Throws<ArgumentException>(() => AdapterPlan.Create(spec, RandomBert.Config, PoolingKind.Mean, null));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
