using FwdLLM.Cli.Settings;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Tests.Settings;

public sealed class ExactOptionTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("9", 9)]
    [InlineData("1.0", 9)]
    [InlineData("0.5", 5)]
    [InlineData(".25", 2)]
    [InlineData("0.0", 0)]
    public void Number_or_fraction_of_nine_devices_is_read(string text, int count) => Assert.Equal(count, ExactOption.Parse(text, 9));

    [Theory]
    [InlineData("10")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("half")]
    [InlineData("")]
    [InlineData("50%")]
    public void Anything_else_is_refused_with_what_to_write(string text) =>
        Assert.Contains($"\"{text}\" is neither a number of devices from 0 to 9 nor a fraction", Assert.Throws<InputException>(() => ExactOption.Parse(text, 9)).Message, StringComparison.Ordinal);

    [Fact]
    public void Choice_follows_from_the_seed()
    {
        var chosen = ExactOption.Choose(3, 40, 12);
        Assert.Equal(12, chosen.Count);
        Assert.All(chosen, device => Assert.InRange(device, 0, 39));
        Assert.True(chosen.SetEquals(ExactOption.Choose(3, 40, 12)));
        Assert.False(chosen.SetEquals(ExactOption.Choose(4, 40, 12)));
    }

    [Fact]
    public async Task Setting_reaches_the_run_and_is_kept_for_its_continuation()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--devices", "8", "--exact-devices", "0.25", "--out", cli.Path("out")));
        Assert.Equal(2, executor.Asked!.ExactDevices);
        Assert.Contains("\"exact_devices\": 2", await File.ReadAllTextAsync(cli.Path("out/settings.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(executor, "run", "--devices", "8", "--exact-devices", "9", "--out", cli.Path("out2")));
        Assert.Contains("--exact-devices: \"9\" is neither", cli.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Estimator_exact_means_every_device()
    {
        using var cli = new CliRun();
        var executor = new FakeExecutor();
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--devices", "8", "--estimator", "exact", "--out", cli.Path("out")));
        Assert.Equal((EstimatorKind.Exact, 8), (executor.Asked!.Algorithm.Estimator, executor.Asked.ExactDevices));
        Assert.Equal(0, await cli.RunAsync(executor, "run", "--devices", "8", "--estimator", "exact", "--exact-devices", "1.0", "--out", cli.Path("out2")));
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(executor, "run", "--devices", "8", "--estimator", "exact", "--exact-devices", "2", "--out", cli.Path("out3")));
        Assert.Contains("all 8 devices compute exact gradients", cli.Error.ToString(), StringComparison.Ordinal);
    }
}
