using FwdLLM.Cli.Settings;

namespace FwdLLM.Cli.Tests.Settings;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "abc", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("devcies", "devices", 1)]
    [InlineData("max-passes", "max_passes", 0)]
    [InlineData("Seed", "seed", 0)]
    public void Distance_counts_edits_and_swaps(string left, string right, int edits)
    {
        Assert.Equal(edits, NearestName.Distance(left, right));
        Assert.Equal(edits, NearestName.Distance(right, left));
    }

    [Theory]
    [InlineData("devics", "devices")]
    [InlineData("sed", "seed")]
    [InlineData("maxrounds", "max_rounds")]
    [InlineData("temperature", null)]
    public void Nearest_is_named_only_when_near(string name, string? nearest) =>
        Assert.Equal(nearest, NearestName.Find(name, ["devices", "seed", "max_rounds", "max_passes"]));
}
