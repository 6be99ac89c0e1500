using System.Globalization;
using FwdLLM.Bench.Measuring;

namespace FwdLLM.Bench.Load;

/// <summary>The tables.</summary>
internal static class LoadReport
{
    public static void Print(IReadOnlyList<LoadResult> results)
    {
        var settings = results[0].Settings;
        Line($"{settings.Devices} virtual devices, storage {settings.Storage}, K = {LoadJob.Probes}, d = {ProbeModel.Dimension}; one client process, all on this machine. Of {settings.Rounds} repetitions the best and the median; latencies over all of them.");
        Line($"");
        Line($"| silos | plain calls /s | p50, p99 ms | contributions /s | of a silo | of plain calls | accept p50, p99 ms | failed calls |");
        Line($"|---|---|---|---|---|---|---|---|");
        foreach (var (result, rates) in results.Select(result => (result, Rates(result))))
            Line($"| {result.Settings.Silos} | {result.EchoRates.Max():f0}, {Median(result.EchoRates):f0} | {result.EchoLatencies.Quantile(0.5):f1}, {result.EchoLatencies.Quantile(0.99):f1} | {rates.Max():f0}, {Median(rates):f0} | {rates.Max() / result.Settings.Silos:f0}, {Median(rates) / result.Settings.Silos:f0} | {Median(rates) / Median(result.EchoRates):p0} | {Accepts(result, 0.5):f1}, {Accepts(result, 0.99):f1} | {result.Run.Failures.Count} |");
        Line($"");
        Line($"| silos | enrolling all s | p99 ms | whole round s | of it inviting | accepting | closing | silo processor ms per device and round |");
        Line($"|---|---|---|---|---|---|---|---|");
        foreach (var result in results)
        {
            var free = result.Run.Free;
            Line($"| {result.Settings.Silos} | {result.Run.Enrolling.TotalSeconds:f2} | {result.Run.EnrolmentP99:f0} | {Best(free, round => round.Whole)} | {Best(free, round => round.Watch.Assigning)} | {Best(free, round => round.Watch.Accepting)} | {Best(free, round => round.Watch.Closing(round.Closed))} | {result.ProcessorSeconds * 1000 / result.Settings.Devices / (1 + (2 * result.Settings.Rounds)):f2} |");
        }

        Line($"");
        Line($"| silos | resident after 50 devices MB | with all enrolled | after all rounds | live: before | with all enrolled | after | KB per enrolled device |");
        Line($"|---|---|---|---|---|---|---|---|");
        foreach (var result in results)
            Line($"| {result.Settings.Silos} | {Megabytes(result.Warm.Resident)} | {Megabytes(result.Run.Enrolled.Resident)} | {Megabytes(result.After.Resident)} | {Megabytes(result.Before.Live)} | {Megabytes(result.Run.Enrolled.Live)} | {Megabytes(result.After.Live)} | {(result.Run.Enrolled.Live - result.Before.Live) / 1e3 / result.Settings.Devices:f1} |");
        foreach (var result in results.Where(result => result.Run.Failures.Count > 0))
            Line($"\n{result.Settings.Silos} silos, last failed call: {result.Run.Failures.Last}");
    }

    public static string Megabytes(long bytes) => (bytes / 1e6).ToString("f0", CultureInfo.InvariantCulture);

    private static List<double> Rates(LoadResult result) => [.. result.Run.Held.Select(round => round.Accepted / round.Accepting.TotalSeconds)];

    // Every round has as many contributions, so the median of the rounds' quantiles is one of the usual round.
    private static double Accepts(LoadResult result, double fraction) => Median(result.Run.Held.Select(round => round.Accepts.Quantile(fraction)));

    private static string Best(List<FreeRound> rounds, Func<FreeRound, TimeSpan> part) =>
        string.Create(CultureInfo.InvariantCulture, $"{rounds.Min(round => part(round).TotalSeconds):f2}, {Median(rounds.Select(round => part(round).TotalSeconds)):f2}");

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
