using System.Globalization;

namespace FwdLLM.Bench.Load;

/// <summary>
/// Many virtual devices against real silos: Orleans clients over TCP, the device agent's own loop, real grains and durable storage. Only the
/// computation is left out.
/// </summary>
internal static class LoadBench
{
    public const string Options = """
          --devices N    Virtual devices. Default: 10000; short: 300.
          --silos N,N    Silo processes on this machine, one measurement each. Default: 1,3; short: 1.
          --rounds N     Rounds of each kind (free, held). Default: 3; short: 1.
          --in-flight N  Contributions on their way at a time in held rounds and echo calls. Default: 64.
          --trace        Also prints where each round's time went.
        """;

    public static int Run(BenchArguments arguments)
    {
        if (arguments.All is [LoadSilo.Option, ..])
            return LoadSilo.Run(arguments.All[1..]);
        arguments.AllowOnly("devices", "silos", "rounds", "in-flight");
        return RunAsync(arguments).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(BenchArguments arguments)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var devices = arguments.GetPositive("devices", arguments.Short ? 300 : 10_000);
        foreach (var silos in arguments.Get("silos", arguments.Short ? "1" : "1,3").Split(','))
        {
            var settings = new LoadSettings(devices, int.Parse(silos, CultureInfo.InvariantCulture), arguments.GetPositive("rounds", arguments.Short ? 1 : 3), arguments.GetPositive("in-flight", 64), []);
            await MeasureAsync(settings, deadline.Token);
        }

        return 0;
    }

    private static async Task MeasureAsync(LoadSettings settings, CancellationToken cancellation)
    {
        await using var silos = await SiloGroup.StartAsync(settings, cancellation);
        var small = new LoadRun(silos, settings with { Devices = 50, Rounds = 1 }, "warm-up");
        await small.RunAsync(cancellation);
        var (live, resident) = (await silos.CollectAsync(cancellation), silos.Resident);
        Print($"silos {settings.Silos}: warm: live {live / 1e6:f1} MB, resident {resident / 1e6:f0} MB");
        await using (var client = await silos.ConnectAsync(cancellation))
        {
            var (rates, latencies) = await EchoLoad.RunAsync(client, settings, cancellation);
            Print($"echo: {rates.Max():f0}/s best, {Median(rates):f0}/s median, p50 {latencies.Quantile(0.5):f2} p99 {latencies.Quantile(0.99):f2} ms");
        }

        (live, resident) = (await silos.CollectAsync(cancellation), silos.Resident);
        Print($"after echo: live {live / 1e6:f1} MB, resident {resident / 1e6:f0} MB");
        var cpu = silos.ProcessorSeconds;
        var run = new LoadRun(silos, settings, "load");
        await run.RunAsync(cancellation);
        Print($"enrol {settings.Devices}: {run.Enrolling.TotalSeconds:f2} s, p99 {run.EnrolmentP99:f0} ms, live {run.LiveEnrolled / 1e6:f1} MB, resident {run.ResidentEnrolled / 1e6:f0} MB, per device {(run.LiveEnrolled - live) / settings.Devices / 1e3:f1} KB");
        foreach (var round in run.Free)
            Print($"free: {round.Whole.TotalSeconds:f2} s; assigning {round.Watch.Assigning.TotalSeconds:f2}, accepting {round.Watch.Accepting.TotalSeconds:f2}, closing {round.Watch.Closing(round.Closed).TotalSeconds:f2}; p50 {round.Watch.Accepts.Quantile(0.5):f1} p99 {round.Watch.Accepts.Quantile(0.99):f1} ms; other {round.Watch.Other}");
        foreach (var round in run.Held)
            Print($"held: {round.Accepted / round.Accepting.TotalSeconds:f0}/s, p50 {round.Accepts.Quantile(0.5):f1} p99 {round.Accepts.Quantile(0.99):f1} ms");
        Print($"check-ins {run.CheckIns}, call failures {run.CallFailures} {run.LastFailure}; silo cpu {silos.ProcessorSeconds - cpu:f1} s");
        Print($"after: live {await silos.CollectAsync(cancellation) / 1e6:f1} MB, resident {silos.Resident / 1e6:f0} MB");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
