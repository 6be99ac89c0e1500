using System.Globalization;
using FwdLLM.Bench.Measuring;
using FwdLLM.DeviceAgent;
using FwdLLM.Silo;

namespace FwdLLM.Bench;

/// <summary>
/// What a device's traffic costs: a real silo with its real grains and SQLite, and the device's own client, over TCP on this machine.
/// The numbers are exact, not estimates: the meter sits on the client's socket.
/// </summary>
internal static class BytesBench
{
    public const string Options = """
          --rounds N  Rounds of each job, so contributions averaged. Default: 20; short: 3.

        Exit code 1 when a contribution takes more than 16 bytes a probe: bytes do not depend on the machine, so with --short too.
        """;

    private const double MostBytesPerProbe = 16;

    private static readonly int[] Probes = [16, 64, 256];

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("rounds");
        return RunAsync(arguments.GetPositive("rounds", arguments.Short ? 3 : 20)).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(int rounds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var folder = Directory.CreateTempSubdirectory("fwdllm-bytes-");
        try
        {
            var ports = FreePort.Take(2);
            var settings = new SiloSettings { SiloPort = ports[0], GatewayPort = ports[1], StorageFolder = folder.FullName };
            using var silo = SiloHostBuilder.Build(settings);
            await silo.StartAsync(deadline.Token);
            try
            {
                return Print(await MeasureAsync(settings.GatewayPort, rounds, deadline.Token), rounds);
            }
            finally
            {
                await silo.StopAsync(CancellationToken.None);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<WireJob[]> MeasureAsync(int gatewayPort, int rounds, CancellationToken cancellation)
    {
        var jobs = new List<WireJob>();
        foreach (var probes in Probes)
        {
            await using var client = await DeviceClient.ConnectAsync(new DeviceClientSettings { Gateways = [$"127.0.0.1:{gatewayPort}"] }, TimeProvider.System, () => 0.5, cancellation: cancellation);
            var job = new WireJob(client, probes, rounds);
            await job.RunAsync(cancellation);
            jobs.Add(job);
        }

        return [.. jobs];
    }

    private static int Print(WireJob[] jobs, int rounds)
    {
        Console.WriteLine($"One device ({WireJob.DeviceId}), {rounds} rounds a job, d = {ProbeModel.Dimension}, {ProbeModel.Features} features, {WireJob.Classes} classes. Median bytes on the client's socket, message envelope included, headers of TCP and IP not.");
        Console.WriteLine();
        Console.WriteLine("| contribution of K probes | up | down (receipt) | up per probe | scalars alone | target |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var met = true;
        foreach (var (probes, job) in Probes.Zip(jobs))
        {
            var (up, down) = Median(job.Calls[WireCall.Contribution]);
            met &= up <= MostBytesPerProbe * probes;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| K = {probes} | {up} | {down} | {up / (double)probes:f1} | {probes * sizeof(float)} | ≤ {MostBytesPerProbe} per probe |"));
        }

        Console.WriteLine();
        Console.WriteLine("| other calls | up | down | how often |");
        Console.WriteLine("|---|---|---|---|");
        Row("enrolment", WireCall.Enrolment, "once per job");
        Row("check-in answered with work", WireCall.CheckInWithWork, "once per wave");
        Row("check-in answered without work", WireCall.CheckInWithoutWork, "while waiting, every 4 s");
        Row(string.Create(CultureInfo.InvariantCulture, $"snapshot ({jobs[0].SnapshotBytes} bytes of content, {ProbeModel.Dimension * sizeof(float)} of them θ)"), WireCall.Snapshot, "once per round and process");
        Row("changes from the version before to the same snapshot", WireCall.Changes, "once per round and process, in its place");
        Row("feature statistics (768 numbers)", WireCall.FeatureStatistics, "once per head fit");
        Row("exact head gradient (770 numbers)", WireCall.HeadGradient, "once per step of a head fit");
        Console.WriteLine();
        Console.WriteLine("| journal, as stored | per device-round | per round besides |");
        Console.WriteLine("|---|---|---|");
        foreach (var (probes, job) in Probes.Zip(jobs))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| K = {probes} | {Middle(job.Journal.Select(entry => entry.Contribution))} | {Middle(job.Journal.Select(entry => entry.Entry - entry.Contribution))} |"));

        Console.WriteLine();
        Console.WriteLine($"Target: {(met ? "met" : "missed")}.");
        return met ? 0 : 1;

        void Row(string what, WireCall call, string often)
        {
            var calls = jobs.SelectMany(job => job.Calls.GetValueOrDefault(call, [])).ToList();
            if (calls.Count == 0)
                return;
            var (up, down) = Median(calls);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {up} | {down} | {often} |"));
        }
    }

    private static int Middle(IEnumerable<int> values) => values.Order().ToArray() is { Length: > 0 } sorted ? sorted[sorted.Length / 2] : 0;

    // The median: the meter may book the end of a reply a moment after the caller has it, which moves bytes to the next call.
    private static WireBytes Median(List<WireBytes> calls) => new(
        calls.Select(call => call.Up).Order().ElementAt(calls.Count / 2),
        calls.Select(call => call.Down).Order().ElementAt(calls.Count / 2));
}
