using System.Globalization;

namespace FwdLLM.Bench.Load;

/// <summary>
/// The same devices enrol, contribute and leave, job after job. After each job what its age would have collected is collected, so what is
/// left is what would stay for ever.
/// </summary>
internal static class LoadSoak
{
    /// <summary>Growth of live memory per job that is no leak: a job that left anything per device behind would leave 100 bytes for each.</summary>
    private const double MostBytesPerDevice = 100;

    /// <summary>What a job may leave in caches that hold 64 jobs: its spec and algorithm.</summary>
    private const double MostBytesPerJob = 100_000;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(LoadSettings settings, int jobs, CancellationToken cancellation)
    {
        await using var silos = await SiloGroup.StartAsync(settings, cancellation);
        // One client: a silo keeps what it knows of a client that left for some minutes, which is no device's memory.
        await using var client = await silos.ConnectAsync(cancellation);
        var management = client.Orleans.GetGrain<IManagementGrain>(0);
        var live = new List<double>();
        Line($"{settings.Devices} devices, storage {settings.Storage}, jobs of {1 + (2 * settings.Rounds)} rounds one after the other.");
        Line($"");
        Line($"| job | live with its activations MB | live without | resident |");
        Line($"|---|---|---|---|");
        for (var job = 0; job <= jobs; job++)
        {
            await new LoadRun(silos, client, settings, $"soak-{job}").RunAsync(cancellation);
            var with = await silos.WeighAsync(cancellation);
            await Task.Delay(2 * Idle, cancellation);
            await management.ForceActivationCollection(Idle);
            var without = await silos.WeighAsync(cancellation);
            Line($"| {job} | {with.Live / 1e6:f1} | {without.Live / 1e6:f1} | {LoadReport.Megabytes(without.Resident)} |");
            if (job > 0)
                live.Add(without.Live); // The first one also fills caches.
        }

        var (growth, most) = (Slope(live), MostBytesPerJob + (MostBytesPerDevice * settings.Devices));
        Line($"");
        Line($"Growth: {growth / 1e3:f0} KB a job (at most {most / 1e3:f0}).");
        return growth <= most ? 0 : 1;
    }

    /// <summary>Least squares over equal steps; 0 for a single value.</summary>
    private static double Slope(List<double> values)
    {
        var (middle, mean) = ((values.Count - 1) / 2.0, values.Average());
        var spread = values.Select((_, at) => (at - middle) * (at - middle)).Sum();
        return spread == 0 ? 0 : values.Select((value, at) => (at - middle) * (value - mean)).Sum() / spread;
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
