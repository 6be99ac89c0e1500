using System.Globalization;
using System.Text;
using FwdLLM.Cli.Running;

namespace FwdLLM.Cli.Views;

/// <summary>Progress as lines for logs and pipes: at once for a new phase or message, for a new round at most every second, otherwise every five.</summary>
internal sealed class PlainRunView(TextWriter output, TimeProvider time) : IRunView, IRunObserver
{
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private RunProgress? _last;
    private bool _lastShown = true;
    private long _writtenAt;

    public async Task<T> ShowAsync<T>(Func<IRunObserver, Task<T>> run)
    {
        var result = await run(this);
        lock (_lock)
        {
            if (!_lastShown)
                output.WriteLine(Line(_last!));
        }

        return result;
    }

    public void Report(RunProgress progress)
    {
        lock (_lock)
        {
            var due = _last is null || progress.Phase != _last.Phase || progress.Message != _last.Message || Elapsed() >= (progress.Round != _last.Round ? BetweenRounds : Longest);
            if (due)
            {
                output.WriteLine(Line(progress));
                _writtenAt = time.GetTimestamp();
            }

            (_last, _lastShown) = (progress, due);
        }
    }

    /// <summary>One line, fields without a value left out.</summary>
    internal static string Line(RunProgress progress)
    {
        var line = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"[{Quantity.Duration(progress.Elapsed)}] {progress.Phase}, round {progress.Round}, wave {progress.Wave}"));
        Add(line, "passes", Passes(progress));
        Add(line, "probes", Quantity.Count(progress.Probes));
        if (!double.IsNaN(progress.GateReading))
            Add(line, "gate", $"{Quantity.Number(progress.GateReading, "0.###")} of {Quantity.Number(progress.GateThreshold, "0.###")}");
        if (!double.IsNaN(progress.Loss))
            Add(line, "loss", Quantity.Number(progress.Loss));
        if (!double.IsNaN(progress.AccuracyHeadOnly))
            Add(line, "head only", Quantity.Percent(progress.AccuracyHeadOnly));
        if (!double.IsNaN(progress.Accuracy))
            Add(line, Quantity.Name(progress.Metric), Quantity.Percent(progress.Accuracy));
        Add(line, "devices", Devices(progress));
        Add(line, "up", Quantity.Bytes(progress.BytesUp));
        Add(line, "down", Quantity.Bytes(progress.BytesDown));
        if (progress.TimeLeft is { } left)
            Add(line, "left", Quantity.Duration(left));
        if (progress.Message is { } message)
            line.Append(": ").Append(message.ReplaceLineEndings(" "));
        return line.ToString();
    }

    internal static string Passes(RunProgress progress) =>
        progress.MaxPasses > 0 ? $"{Quantity.Count(progress.Passes)} of {Quantity.Count(progress.MaxPasses)}" : Quantity.Count(progress.Passes);

    internal static string Devices(RunProgress progress) =>
        string.Create(CultureInfo.InvariantCulture, $"{progress.DevicesActive} active, {progress.DevicesLate} late, {progress.DevicesDropped} dropped");

    private static void Add(StringBuilder line, string name, string value) => line.Append("; ").Append(name).Append(' ').Append(value);

    private TimeSpan Elapsed() => time.GetElapsedTime(_writtenAt);
}
