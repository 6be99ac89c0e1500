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
    public void Specification_that_does_not_fit_is_refused_with_its_value()
    {
        Refused("rank 17", RandomBert.Spec with { Rank = 17 });
        Refused("rank 0", RandomBert.Spec with { Rank = 0 });
        Refused("first layer 2", RandomBert.Spec with { FirstLayer = 2 });
        Refused("first layer -1", RandomBert.Spec with { FirstLayer = -1 });
        Refused("'quary'", RandomBert.Spec with { Targets = ["quary"] });
        Refused("at least one", RandomBert.Spec with { Targets = [] });
        Refused("alpha NaN", AdapterSpec.LoraQueryValue with { Alpha = float.NaN });
        Refused("kind 'lora-xxs'", RandomBert.Spec with { Kind = "lora-xxs" });
    }

    private static void Refused(string expected, AdapterSpec spec)
    {
        var error = Assert.Throws<ArgumentException>(() => AdapterPlan.Create(spec, RandomBert.Config, PoolingKind.Mean, null));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
