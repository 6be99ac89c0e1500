using System.Globalization;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Views;
using Microsoft.Extensions.Time.Testing;
using Spectre.Console;

namespace FwdLLM.Cli.Tests.Views;

public sealed class LiveRunViewTests
{
    [Theory]
    [InlineData(120)]
    [InlineData(60)]
    [InlineData(24)]
    public void Panel_fits_the_terminal(int width)
    {
        var (console, output) = Console(width);
        var view = new LiveRunView(console, new FakeTimeProvider(), "job [with] brackets");
        console.Write(view.Render(new RunProgress { Phase = "training [x]", Round = 3, MaxPasses = 1000, Passes = 250, Accuracy = 0.5, Message = "one [message]" }));
        var lines = output.ToString().Split('\n');
        Assert.All(lines, line => Assert.InRange(line.TrimEnd('\r').Length, 0, width));
        Assert.Contains("[x]", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Result_and_failure_pass_through()
    {
        var (console, _) = Console(80);
        var view = new LiveRunView(console, TimeProvider.System, "job");
        Assert.Equal(5, await view.ShowAsync(observer =>
        {
            observer.Report(new RunProgress { Phase = "training" });
            return Task.FromResult(5);
        }));
        await Assert.ThrowsAsync<RunException>(() => view.ShowAsync<int>(_ => Task.FromException<int>(new RunException("broken"))));
    }

    private static (IAnsiConsole Console, StringWriter Output) Console(int width)
    {
        var output = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
        console.Profile.Width = width;
        return (console, output);
    }
}
