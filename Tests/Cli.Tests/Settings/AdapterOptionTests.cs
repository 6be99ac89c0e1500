using FwdLLM.Cli.Settings;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Cli.Tests.Settings;

public sealed class AdapterOptionTests
{
    [Theory]
    [InlineData("lora-xs", AdapterKinds.LoraXs, 8, "all-linear", "lora-xs:8")]
    [InlineData("lora-xs:16", AdapterKinds.LoraXs, 16, "all-linear", "lora-xs:16")]
    [InlineData("lora", AdapterKinds.Lora, 8, "query value", "lora:8")]
    [InlineData("lora-all:4", AdapterKinds.Lora, 4, "all-linear", "lora-all:4")]
    [InlineData("rslora", AdapterKinds.Lora, 8, "query value", "rslora:8")]
    [InlineData("rslora-all:32", AdapterKinds.Lora, 32, "all-linear", "rslora-all:32")]
    [InlineData("ia3", AdapterKinds.Ia3, 0, "key value output", "ia3")]
    [InlineData("bitfit", AdapterKinds.BitFit, 0, "all-biases", "bitfit")]
    [InlineData("houlsby", AdapterKinds.Houlsby, 0, "", "houlsby:16")]
    [InlineData("pfeiffer:4", AdapterKinds.Pfeiffer, 0, "", "pfeiffer:4")]
    [InlineData("lora-xs:4@3", AdapterKinds.LoraXs, 4, "all-linear", "lora-xs:4@3")]
    [InlineData("bitfit@0", AdapterKinds.BitFit, 0, "all-biases", "bitfit")]
    public void Adapter_is_read_and_written_back(string text, string kind, int rank, string targets, string written)
    {
        var spec = AdapterOption.Parse(text);
        Assert.Equal((kind, rank, targets), (spec.Kind, spec.Rank, string.Join(' ', spec.Targets)));
        Assert.Equal(written, AdapterOption.Format(spec));
        Assert.Equal(written, AdapterOption.Format(AdapterOption.Parse(written)));
    }

    [Fact]
    public void Lora_keeps_its_scale_at_every_rank()
    {
        Assert.Equal(2, AdapterSpec.LoraQueryValue.Alpha / AdapterSpec.LoraQueryValue.Rank);
        Assert.Equal((64f, false), (AdapterOption.Parse("lora:32").Alpha, AdapterOption.Parse("lora:32").RankStabilised));
        Assert.Equal((16f, true), (AdapterOption.Parse("rslora:32").Alpha, AdapterOption.Parse("rslora:32").RankStabilised));
    }

    [Theory]
    [InlineData("qlora", "did you mean lora?")]
    [InlineData("lora-xs:", "rank from 1 to 512")]
    [InlineData("lora:0", "rank from 1 to 512")]
    [InlineData("lora:-3", "rank from 1 to 512")]
    [InlineData("lora:513", "rank from 1 to 512")]
    [InlineData("lora:8:8", "rank from 1 to 512")]
    [InlineData("houlsby:0", "reduction from 1 to 512")]
    [InlineData("ia3:8", "give ia3 alone")]
    [InlineData("bitfit:", "give bitfit alone")]
    [InlineData("lora@", "number of a layer after the @")]
    [InlineData("lora:8@-1", "number of a layer after the @")]
    [InlineData("lora@1@2", "number of a layer after the @")]
    public void Unknown_adapter_is_refused_with_what_to_write(string text, string remedy)
    {
        var error = Assert.Throws<InputException>(() => AdapterOption.Parse(text)).Message;
        Assert.Contains($"\"{text}\"", error, StringComparison.Ordinal);
        Assert.Contains(remedy, error, StringComparison.Ordinal);
    }
}
