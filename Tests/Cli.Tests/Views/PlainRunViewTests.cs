using System.Globalization;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Views;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Cli.Tests.Views;

public sealed class PlainRunViewTests
{
    private readonly StringWriter _output = new(CultureInfo.InvariantCulture);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Line_has_everything_that_is_known()
    {
        var line = PlainRunView.Line(new RunProgress
        {
            Phase = "training",
            Round = 12,
            Wave = 1,
            GateReading = 0.084,
            GateThreshold = 0.1,
            Probes = 12_288,
            Passes = 5200,
            MaxPasses = 20_000,
            BytesUp = 51_200,
            BytesDown = 7_372_800,
            DevicesActive = 4,
            DevicesLate = 1,
            Loss = 0.61234,
            AccuracyHeadOnly = 0.73,
            Accuracy = 0.79,
            Elapsed = TimeSpan.FromSeconds(83),
            TimeLeft = TimeSpan.FromHours(1.5),
            Message = "two\nlines",
        });
        Assert.Equal("[1 min 23 s] training, round 12, wave 1; passes 5,200 of 20,000; probes 12,288; gate 0.084 of 0.1; loss 0.6123; head only 73.00 %; accuracy 79.00 %; devices 4 active, 1 late, 0 dropped; up 51.2 kB; down 7.4 MB; left 1 h 30 min: two lines", line);
    }

    [Fact]
    public void Line_leaves_out_what_is_not_known() =>
        Assert.Equal("[0.0 s] compiling, round 0, wave 0; passes 0; probes 0; devices 0 active, 0 late, 0 dropped; up 0 B; down 0 B", PlainRunView.Line(new RunProgress { Phase = "compiling" }));

    [Fact]
    public async Task Lines_come_with_phases_rounds_and_every_five_seconds()
    {
        var view = new PlainRunView(_output, _time);
        var rounds = new List<uint>();
        await view.ShowAsync(observer =>
        {
            void At(double seconds, string phase, uint round)
            {
                _time.Advance(TimeSpan.FromSeconds(seconds));
                observer.Report(new RunProgress { Phase = phase, Round = round });
            }

            At(0, "head fit", 0); // first: shown
            At(0.1, "training", 1); // new phase: shown
            At(0.5, "training", 2); // too soon for a round
            At(0.6, "training", 3); // shown
            At(4.9, "training", 3); // same round, not yet five seconds
            At(0.1, "training", 3); // shown
            At(0.2, "training", 4); // shown at the end only
            return Task.FromResult(0);
        });
        Assert.Equal(["head fit, round 0", "training, round 1", "training, round 3", "training, round 3", "training, round 4"], Shown());
    }

    [Fact]
    public async Task New_message_is_shown_at_once_and_only_once()
    {
        var view = new PlainRunView(_output, _time);
        await view.ShowAsync(observer =>
        {
            observer.Report(new RunProgress { Phase = "training" });
            observer.Report(new RunProgress { Phase = "training", Message = "device 3 left" });
            observer.Report(new RunProgress { Phase = "training", Message = "device 3 left" });
            observer.Report(new RunProgress { Phase = "training", Message = "device 3 left" });
            return Task.FromResult(0);
        });
        Assert.Equal(3, Shown().Length); // start, message, end
    }

    private string[] Shown() => [.. _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[(line.IndexOf("] ", StringComparison.Ordinal) + 2)..line.IndexOf(", wave", StringComparison.Ordinal)])];
}
