using FwdLLM.Cli.Settings;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Cli.Tests.Settings;

public sealed class PrecisionOptionTests
{
    [Theory]
    [InlineData(null, null, WeightFormats.Float32, "", "fp32")]
    [InlineData("fp32", null, WeightFormats.Float32, "", "fp32")]
    [InlineData("int8-weights", null, WeightFormats.Int8Weights, "", "int8-weights")]
    [InlineData("int4", "output, query", WeightFormats.Int4, "output query", "int4+output,query")]
    [InlineData("int8", "auto", WeightFormats.Int8, "auto", "int8+auto")]
    public void Precision_is_read_and_written_back(string? precision, string? keep, string format, string kept, string written)
    {
        var spec = PrecisionOption.Parse(precision, keep);
        Assert.Equal((format, kept), (spec.Format, string.Join(' ', spec.KeepFloat)));
        Assert.Equal(written, PrecisionOption.Format(spec));
    }

    [Theory]
    [InlineData("int9", null, "--precision is \"int9\"; did you mean int")]
    [InlineData("bfloat", null, "give fp32, int8, int8-weights, int4,")]
    [InlineData(null, "output", "--keep-float is \"output\" but the precision is fp32")]
    [InlineData("int8", "output,,query", "with commas between")]
    public void Precision_that_says_nothing_is_refused(string? precision, string? keep, string error) =>
        Assert.Contains(error, Assert.Throws<InputException>(() => PrecisionOption.Parse(precision, keep)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Precision_reaches_the_run_and_is_kept_for_its_continuation()
    {
        using var cli = new CliRun();
        var first = new FakeExecutor((_, _, _) => throw new OperationCanceledException());
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        Assert.Equal(ExitCodes.Interrupted, await cli.RunAsync(first, stopped.Token, "run", "--precision", "int8", "--keep-float", "output,query", "--out", cli.Path("out")));
        var second = new FakeExecutor();
        Assert.Equal(0, await cli.RunAsync(second, "run", "--continue", cli.Path("out")));
        foreach (var executor in new[] { first, second })
            Assert.Equal("int8+output,query", PrecisionOption.Format(executor.Asked!.Precision));
    }

    [Theory]
    [InlineData("--estimator", "one-sided")]
    [InlineData("--estimator", "central")]
    [InlineData("--algorithm", "fwdllm-reference")]
    public async Task Finite_differences_of_rounded_activations_are_refused(string option, string value)
    {
        using var cli = new CliRun();
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "run", "--precision", "int8", option, value, "--out", cli.Path("out")));
        Assert.Contains("Give --estimator jvp", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await cli.RunAsync(new FakeExecutor(), "run", "--precision", "int8-weights", option, value, "--out", cli.Path("out")));
    }
}
