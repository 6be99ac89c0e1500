using System.Globalization;

namespace FwdLLM.Bench.Load;

/// <summary>
/// Many virtual devices against real silos: Orleans clients over TCP, the device agent's own loop, real grains and durable storage. Only the
/// computation is left out.
/// </summary>
internal static class LoadBench
{
    public const string Options = """
          --devices N               Virtual devices. Default: 10000; short: 200.
          --silos N,N               Silo processes on this machine, one measurement each. Default: 1,3; short: 1.
          --storage KIND            sqlite, redis or postgresql; a server of its own is started, and holds the membership too. Default: sqlite.
          --rounds N                Rounds of each kind (free, held) after one to warm up. Default: 3; short: 1.
          --in-flight N             Contributions on their way at a time in held rounds, and echo calls. Default: 64.
          --soak N                  In place of all this: so many jobs one after the other with the same devices, and the silos' memory after each.

        Exit code 1 when a device's call failed with all its retries, or when the soak's memory grows.
        """;

    public static int Run(BenchArguments arguments)
    {
        if (arguments.All is [LoadSilo.Option, ..])
            return LoadSilo.Run(arguments.All[1..]);
        arguments.AllowOnly("devices", "silos", "storage", "rounds", "in-flight", "soak");
        return RunAsync(arguments).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(BenchArguments arguments)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(20));
        var settings = new LoadSettings(
            arguments.GetPositive("devices", arguments.Short ? 200 : 10_000),
            0,
            arguments.GetPositive("rounds", arguments.Short ? 1 : 3),
            arguments.GetPositive("in-flight", 64),
            arguments.Get("storage", "sqlite"));
        if (arguments.Has("soak"))
            return await LoadSoak.RunAsync(settings with { Silos = 1 }, arguments.GetPositive("soak", 1), deadline.Token);

        var results = new List<LoadResult>();
        foreach (var silos in arguments.Get("silos", arguments.Short ? "1" : "1,3").Split(','))
            results.Add(await MeasureAsync(settings with { Silos = Count(silos) }, deadline.Token));
        LoadReport.Print(results);
        return results.TrueForAll(result => result.Run.Failures.Count == 0) ? 0 : 1;
    }

    private static async Task<LoadResult> MeasureAsync(LoadSettings settings, CancellationToken cancellation)
    {
        await using var silos = await SiloGroup.StartAsync(settings, cancellation);
        await using var client = await silos.ConnectAsync(cancellation);
        await new LoadRun(silos, client, settings with { Devices = Math.Min(50, settings.Devices), Rounds = 1 }, "warm-up").RunAsync(cancellation);
        var warm = await silos.WeighAsync(cancellation);
        var (rates, latencies) = await EchoLoad.RunAsync(client, settings, cancellation);
        var (before, processor) = (await silos.WeighAsync(cancellation), silos.ProcessorSeconds);
        var run = new LoadRun(silos, client, settings, "load");
        await run.RunAsync(cancellation);
        processor = silos.ProcessorSeconds - processor;
        return new LoadResult(settings, warm, rates, latencies, before, run, await silos.WeighAsync(cancellation), processor);
    }

    private static int Count(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 16
            ? count
            : throw new ArgumentException($"--silos has \"{text}\"; give numbers from 1 to 16, separated by commas.");
}
