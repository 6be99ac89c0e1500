using FwdLLM.Tests.Cluster;

namespace FwdLLM.Bench.Faults;

/// <summary>
/// Time from a fault until the job makes progress again, both noted by the silos themselves: kill -9 at every transition of a round, one
/// after the other in one job, a dead silo started again at once; and a silo that hangs while it holds the round. Progress is the next
/// commit of a version or opening of a later round; the time to the next commit, with the whole rest of a round in it, stands beside it.
/// </summary>
internal static class RecoveryBench
{
    public const string Options = "  --storage LIST   sqlite,redis,postgresql; all when not given.\n  --repeat N       Jobs per storage [5].\n  --silo DIR       A published silo. Default: the one built with this program.\n  --response-timeout SECONDS  The agents'. Default: 2.";

    private const int Rounds = 28, HangsAt = 20;

    /// <summary>A job of ten faults takes less than a minute; one that takes this long will never end.</summary>
    private static readonly TimeSpan MostPerJob = TimeSpan.FromMinutes(3);

    /// <summary>Beyond its target, what the processes said is printed.</summary>
    private static readonly TimeSpan MostAfterKill = TimeSpan.FromSeconds(3), MostAfterHang = TimeSpan.FromSeconds(15);

    private static readonly string[] Points =
        ["round-opened", "assigned", "accepted", "acknowledged", "gate-passed", "step-computed", "entry-written", "version-committed", "round-closed"];

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("storage", "repeat", "silo", "response-timeout");
        RunAsync(arguments).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(BenchArguments arguments)
    {
        var kinds = arguments.Get("storage", arguments.Short ? "sqlite" : "sqlite,redis,postgresql").Split(',');
        var repeat = arguments.Short ? 1 : arguments.GetPositive("repeat", 5);
        var program = arguments.Has("silo") ? Path.GetFullPath(Path.Combine(arguments.Get("silo", ""), "FwdLLM.Silo.dll")) : "Silo";
        if (program != "Silo" && !File.Exists(program)) throw new ArgumentException($"There is no {program}; publish a silo into that folder first.");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3 + (4 * repeat * kinds.Length)));
        await using var job = new TinyJob();
        await job.InitializeAsync();
        var measured = new List<(string Kind, Recovery Recovery)>();
        foreach (var kind in kinds)
            for (var run = 0; run < repeat; run++)
                measured.AddRange((await MeasureAsync(job, program, arguments.Get("response-timeout", "2"), kind, $"{kind}-{run}", limit.Token)).Select(recovery => (kind, recovery)));

        Console.WriteLine($"Seconds, minimum / median / maximum of {repeat}. sqlite: one silo, started again; the others: three silos, one killed.");
        Print("From the fault until a version is committed or a later round opened", recovery => recovery.Progress);
        Print("From the fault until a version is committed", recovery => recovery.Commit);

        void Print(string what, Func<Recovery, double> seconds)
        {
            Console.WriteLine($"\n{what}:\n\n| fault | {string.Join(" | ", kinds)} |\n|---|{string.Concat(kinds.Select(_ => "---|"))}");
            foreach (var fault in measured.Select(one => one.Recovery.Fault).Distinct())
                Console.WriteLine($"| {fault} | {string.Join(" | ", kinds.Select(kind => Summary([.. measured.Where(one => one.Kind == kind && one.Recovery.Fault == fault).Select(one => seconds(one.Recovery))])))} |");
            var kills = measured.Where(one => one.Recovery.IsKill).Select(one => seconds(one.Recovery)).ToArray();
            Console.WriteLine(FormattableString.Invariant($"\n{kills.Count(took => took > MostAfterKill.TotalSeconds)} of {kills.Length} kills took longer than {MostAfterKill.TotalSeconds:f0} s; the longest {kills.Max():f1} s."));
        }
    }

    private static async Task<IReadOnlyList<Recovery>> MeasureAsync(TinyJob job, string program, string responseTimeout, string kind, string id, CancellationToken cancellation)
    {
        await using var server = await ClusterServer.StartAsync(kind, cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server) { SiloProgram = program };
        var silos = server.HasMembership ? 3 : 1;
        var hang = server.HasMembership ? $"step-computed:stop@round={HangsAt}@job={id}" : null;
        string[] kills = [.. Points.Select((point, at) => $"{point}:kill@round={2 * at}@job={id}")];
        string[] commits = [.. Enumerable.Range(0, Rounds).Select(round => $"version-committed:note@round={round}@job={id}")];
        string[] openings = [.. Enumerable.Range(1, Rounds).Select(round => $"round-opened:note@round={round}@job={id}")];
        var plan = new FaultPlanFiles(Path.Combine(job.Folder, id), [.. kills, .. commits, .. openings, .. hang is null ? [] : new[] { hang }]);

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var supervisors = new List<Task>();
        var running = new ProgramProcess[silos];
        for (var silo = 0; silo < silos; silo++)
            running[silo] = await cluster.StartArmedSiloAsync(silo, plan.Options);
        for (var silo = 0; silo < silos; silo++)
            supervisors.Add(SuperviseAsync(silo));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(MostPerJob);
        await using var stuck = patience.Token.Register(() => Console.Error.WriteLine($"{id} is stuck:\n{cluster.Logs()}"));
        await cluster.SubmitAsync(id);
        string[] tuned = [.. cluster.GatewayUrls, "--response-timeout", responseTimeout];
        ProgramProcess[] agents = [cluster.StartAgent(id, 0, 2, tuned), cluster.StartAgent(id, 3, 5, tuned)];
        if (hang is not null)
        {
            await cluster.UntilAsync(id, status => status.Model is { Version: > HangsAt + 1 }).WaitAsync(patience.Token);
            var hung = plan.Happened()[hang].ProcessId;
            Array.Find(running, silo => silo.Id == hung)?.Resume();
        }

        await cluster.FinishAsync(id, agents).WaitAsync(patience.Token);
        await over.CancelAsync();
        await Task.WhenAll(supervisors);

        var happened = plan.Happened();
        var versions = Times(commits);
        Recovery[] recoveries =
        [
            .. kills.Select((fault, at) => Recovered(fault, 2 * at)),
            .. hang is null ? [] : new[] { Recovered(hang, HangsAt) },
            new("no fault: from one version to the next", Between(versions), Between(versions)),
        ];
        foreach (var late in recoveries.Where(recovery => recovery.Progress > (recovery.IsKill ? MostAfterKill : MostAfterHang).TotalSeconds))
            Console.Error.WriteLine(FormattableString.Invariant($"{id}: {late.Fault} took {late.Progress:f1} s; noted: {string.Join(", ", happened.OrderBy(fault => fault.Value.At).Select(fault => $"{fault.Value.At:mm:ss.f} {fault.Key}"))}\n{cluster.Logs()}"));
        return recoveries;

        // Opening the fault's own round anew is no progress, so openings count from the round after it on.
        Recovery Recovered(string fault, int round)
        {
            var from = happened[fault].At;
            return new(string.Join(' ', fault.Split('@')[0].Split(':').Reverse()), Until([.. versions, .. Times(openings[round..])]), Until(versions));
            double Until(DateTimeOffset[] times) => (times.Where(at => at > from).Min() - from).TotalSeconds;
        }

        DateTimeOffset[] Times(string[] notes) => [.. notes.Where(happened.ContainsKey).Select(note => happened[note].At).Order()];

        async Task SuperviseAsync(int silo)
        {
            while (!over.IsCancellationRequested)
            {
                await ((Task)running[silo].EndAsync(over.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!over.IsCancellationRequested) running[silo] = await cluster.StartArmedSiloAsync(silo, plan.Options);
            }
        }
    }

    private static double Between(DateTimeOffset[] times) => Median([.. times.Zip(times.Skip(1), (one, next) => (next - one).TotalSeconds)]);

    private static string Summary(IReadOnlyList<double> seconds) => seconds.Count == 0 ? "–" : FormattableString.Invariant($"{seconds.Min():f1} / {Median(seconds):f1} / {seconds.Max():f1}");

    private static double Median(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <param name="Fault">What and where.</param>
    /// <param name="Progress">Seconds until a version is committed or a later round opened.</param>
    /// <param name="Commit">Seconds until a version is committed.</param>
    private sealed record Recovery(string Fault, double Progress, double Commit)
    {
        public bool IsKill => Fault.StartsWith("kill", StringComparison.Ordinal);
    }
}
