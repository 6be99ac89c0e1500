using FwdLLM.Cli.Views;

namespace FwdLLM.Cli.Tests.Views;

public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(999.96, "1 kB")]
    [InlineData(1536, "1.5 kB")]
    [InlineData(2e15, "2000 TB")]
    [InlineData(double.NaN, "–")]
    public void Bytes_are_short(double bytes, string text) => Assert.Equal(text, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(0.24, "0.2 s")]
    [InlineData(75, "1 min 15 s")]
    [InlineData(90_000, "25 h 00 min")]
    [InlineData(-1, "–")]
    public void Durations_are_short(double seconds, string text) => Assert.Equal(text, Quantity.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Unknown_values_are_dashes()
    {
        Assert.Equal("–", Quantity.Percent(null));
        Assert.Equal("–", Quantity.Points(0.5, double.NaN));
        Assert.Equal("-1.00 points", Quantity.Points(0.5, 0.49));
    }
}
