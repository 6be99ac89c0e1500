using FwdLLM.Tests.Cluster;

namespace FwdLLM.Bench.Faults;

/// <summary>
/// Time from a fault until the next commit of a version, both noted by the silos themselves: kill -9 at every transition of a round, one
/// after the other in one job, a dead silo started again at once; and a silo that hangs while it holds the round.
/// </summary>
internal static class RecoveryBench
{
    public const string Options = "  --storage LIST   sqlite,redis,postgresql; all when not given.\n  --repeat N       Jobs per storage [5].";

    private const int Rounds = 28, HangsAt = 20;

    /// <summary>A job of ten faults takes less than a minute; one that takes this long will never end.</summary>
    private static readonly TimeSpan MostPerJob = TimeSpan.FromMinutes(3);

    /// <summary>Beyond the target of a hang, what the processes said is printed.</summary>
    private static readonly TimeSpan MostPerRecovery = TimeSpan.FromSeconds(15);

    private static readonly string[] Points =
        ["round-opened", "assigned", "accepted", "acknowledged", "gate-passed", "step-computed", "entry-written", "version-committed", "round-closed"];

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("storage", "repeat");
        RunAsync(arguments).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(BenchArguments arguments)
    {
        var kinds = arguments.Get("storage", arguments.Short ? "sqlite" : "sqlite,redis,postgresql").Split(',');
        var repeat = arguments.Short ? 1 : arguments.GetPositive("repeat", 5);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3 + (4 * repeat * kinds.Length)));
        await using var job = new TinyJob();
        await job.InitializeAsync();
        var measured = new Dictionary<(string Fault, string Kind), List<double>>();
        foreach (var kind in kinds)
            for (var run = 0; run < repeat; run++)
                foreach (var (fault, seconds) in await MeasureAsync(job, kind, $"{kind}-{run}", limit.Token))
                    (measured.TryGetValue((fault, kind), out var list) ? list : measured[(fault, kind)] = []).Add(seconds);

        Console.WriteLine($"Seconds from the fault to the next committed version, minimum / median / maximum of {repeat}. sqlite: one silo, started again; the others: three silos, one killed.\n");
        Console.WriteLine($"| fault | {string.Join(" | ", kinds)} |\n|---|{string.Concat(kinds.Select(_ => "---|"))}");
        foreach (var fault in measured.Keys.Select(key => key.Fault).Distinct())
            Console.WriteLine($"| {fault} | {string.Join(" | ", kinds.Select(kind => measured.TryGetValue((fault, kind), out var list) ? Summary(list) : "–"))} |");
    }

    private static async Task<IReadOnlyList<(string Fault, double Seconds)>> MeasureAsync(TinyJob job, string kind, string id, CancellationToken cancellation)
    {
        await using var server = await ClusterServer.StartAsync(kind, cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server);
        var silos = server.HasMembership ? 3 : 1;
        var hang = server.HasMembership ? $"step-computed:stop@round={HangsAt}@job={id}" : null;
        string[] kills = [.. Points.Select((point, at) => $"{point}:kill@round={2 * at}@job={id}")];
        string[] commits = [.. Enumerable.Range(0, Rounds).Select(round => $"version-committed:note@round={round}@job={id}")];
        var plan = new FaultPlanFiles(Path.Combine(job.Folder, id), [.. kills, .. commits, .. hang is null ? [] : new[] { hang }]);

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
        string[] tuned = [.. cluster.GatewayUrls, "--response-timeout", "2"];
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
        var progress = commits.Where(happened.ContainsKey).Select(commit => happened[commit].At).Order().ToArray();
        (string Fault, double Seconds)[] recoveries =
        [
            .. kills.Append(hang).OfType<string>().Select(fault =>
                (string.Join(' ', fault.Split('@')[0].Split(':').Reverse()), (progress.First(at => at > happened[fault].At) - happened[fault].At).TotalSeconds)),
            ("no fault: from one version to the next", Median([.. progress.Zip(progress.Skip(1), (one, next) => (next - one).TotalSeconds)])),
        ];
        foreach (var (fault, seconds) in recoveries.Where(recovery => recovery.Seconds > MostPerRecovery.TotalSeconds))
            Console.Error.WriteLine(FormattableString.Invariant($"{id}: {fault} took {seconds:f1} s; noted: {string.Join(", ", happened.OrderBy(fault => fault.Value.At).Select(fault => $"{fault.Value.At:mm:ss.f} {fault.Key}"))}\n{cluster.Logs()}"));
        return recoveries;

        async Task SuperviseAsync(int silo)
        {
            while (!over.IsCancellationRequested)
            {
                await ((Task)running[silo].EndAsync(over.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!over.IsCancellationRequested) running[silo] = await cluster.StartArmedSiloAsync(silo, plan.Options);
            }
        }
    }

    private static string Summary(IReadOnlyList<double> seconds) => FormattableString.Invariant($"{seconds.Min():f1} / {Median(seconds):f1} / {seconds.Max():f1}");

    private static double Median(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);
}
