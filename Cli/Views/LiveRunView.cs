using System.Globalization;
using FwdLLM.Cli.Running;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FwdLLM.Cli.Views;

/// <summary>Progress as a panel that is redrawn in place, for a terminal.</summary>
internal sealed class LiveRunView(IAnsiConsole console, TimeProvider time, string title) : IRunView, IRunObserver
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);

    private volatile RunProgress _last = new() { Phase = "starting" };

    public void Report(RunProgress progress) => _last = progress;

    public async Task<T> ShowAsync<T>(Func<IRunObserver, Task<T>> run)
    {
        var running = run(this);
        await console.Live(Render(_last)).AutoClear(true).Overflow(VerticalOverflow.Ellipsis).StartAsync(async live =>
        {
            using var timer = new PeriodicTimer(Refresh, time);
            while (!running.IsCompleted)
            {
                live.UpdateTarget(Render(_last));
                await Task.WhenAny(running, timer.WaitForNextTickAsync().AsTask());
            }
        });
        return await running;
    }

    /// <summary>The panel for a snapshot.</summary>
    internal IRenderable Render(RunProgress progress)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn();
        void Row(string name, string value) => grid.AddRow(new Text(name, new Style(decoration: Decoration.Dim)), new Text(value));
        Row("phase", progress.Phase);
        Row("round", string.Create(CultureInfo.InvariantCulture, $"{progress.Round}, wave {progress.Wave}"));
        Row("gate", double.IsNaN(progress.GateReading) ? Quantity.Unknown : $"{Quantity.Number(progress.GateReading, "0.###")} (closes at {Quantity.Number(progress.GateThreshold, "0.###")})");
        Row(Quantity.Name(progress.Metric), $"{Quantity.Percent(progress.Accuracy)}   head only {Quantity.Percent(progress.AccuracyHeadOnly)}");
        Row("loss", Quantity.Number(progress.Loss));
        Row("passes", PlainRunView.Passes(progress));
        Row("probes", Quantity.Count(progress.Probes));
        Row("devices", PlainRunView.Devices(progress));
        Row("traffic", $"up {Quantity.Bytes(progress.BytesUp)}, down {Quantity.Bytes(progress.BytesDown)}");
        Row("time", $"{Quantity.Duration(progress.Elapsed)}, left {Quantity.Duration(progress.TimeLeft)}");
        // Without colours the bar's two parts look the same.
        IRenderable content = progress.MaxPasses > 0 && console.Profile.Capabilities.ColorSystem != ColorSystem.NoColors
            ? new Rows(new BreakdownChart().HideTags().AddItem("spent", Math.Clamp(progress.Passes, 0, progress.MaxPasses), Color.Green).AddItem("left", Math.Max(0, progress.MaxPasses - progress.Passes), Color.Grey), grid)
            : grid;
        if (progress.Message is { } message)
            content = new Rows(content, new Text(message.ReplaceLineEndings(" "), new Style(Color.Yellow)));
        return new Panel(content).Header(Markup.Escape(title)).Border(BoxBorder.Rounded).Expand();
    }
}
