using FwdLLM.Tests.Cluster;

namespace FwdLLM.Bench.Faults;

/// <summary>
/// Time from a fault until the job makes progress again, both noted by the silos themselves: kill -9 at every transition of a round, one
/// after the other in one job, a dead silo started again at once and the next fault not before all are there; and a silo that hangs while it
/// holds the round. Progress is the next commit of a version or opening of a later round; the time to the next commit, with the whole rest
/// of a round in it, stands beside it.
/// </summary>
internal static class RecoveryBench
{
    public const string Options = "  --storage LIST   sqlite,redis,postgresql; all when not given.\n  --repeat N       Jobs per storage [5].\n  --silo DIR       A published silo. Default: the one built with this program.\n  --agent DIR      The same of agents.\n  --response-timeout SECONDS  The agents'. Default: their own.";

    /// <summary>More than a job gets through while its faults happen.</summary>
    private const int Rounds = 100_000;

    /// <summary>Versions of a job before its first fault.</summary>
    private const int RoundsBefore = 10;

    /// <summary>A job of ten faults takes a minute or two; one that takes this long stands still.</summary>
    private static readonly TimeSpan MostPerJob = TimeSpan.FromMinutes(5);

    /// <summary>From the start of the last silo until the next fault: some twenty rounds.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    /// <summary>Beyond its target, what the processes said is printed.</summary>
    private static readonly TimeSpan MostAfterKill = TimeSpan.FromSeconds(3), MostAfterHang = TimeSpan.FromSeconds(15);

    private const string Undisturbed = "no fault: from one version to the next";

    private static readonly string[] Points =
        ["round-opened", "assigned", "accepted", "acknowledged", "gate-passed", "step-computed", "entry-written", "version-committed", "round-closed"];

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("storage", "repeat", "silo", "agent", "response-timeout");
        RunAsync(arguments).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(BenchArguments arguments)
    {
        var kinds = arguments.Get("storage", arguments.Short ? "sqlite" : "sqlite,redis,postgresql").Split(',');
        var repeat = arguments.Short ? 1 : arguments.GetPositive("repeat", 5);
        var (silo, agent) = (Program("silo", "Silo"), Program("agent", "DeviceAgent"));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3 + (5 * repeat * kinds.Length)));
        await using var job = new TinyJob();
        await job.InitializeAsync();
        var measured = new List<(string Kind, Recovery Recovery)>();
        foreach (var kind in kinds)
            for (var run = 0; run < repeat; run++)
            {
                measured.AddRange((await MeasureAsync(job, silo, agent, arguments.Get("response-timeout", ""), kind, $"{kind}-{run}", limit.Token)).Select(recovery => (kind, recovery)));
                Console.Error.WriteLine($"{kind}: job {run + 1} of {repeat} is over.");
            }

        Console.WriteLine($"Seconds, minimum / median / maximum of {repeat}. sqlite: one silo, started again; the others: three silos, one killed.");
        Print("From the fault until a version is committed or a later round opened", recovery => recovery.Progress);
        Print("From the fault until a version is committed", recovery => recovery.Commit);

        string Program(string option, string project)
        {
            if (!arguments.Has(option)) return project;
            var program = Path.GetFullPath(Path.Combine(arguments.Get(option, ""), $"FwdLLM.{project}.dll"));
            return File.Exists(program) ? program : throw new ArgumentException($"There is no {program}; publish {project} into that folder first.");
        }

        void Print(string what, Func<Recovery, double> seconds)
        {
            Console.WriteLine($"\n{what}:\n\n| fault | {string.Join(" | ", kinds)} |\n|---|{string.Concat(kinds.Select(_ => "---|"))}");
            foreach (var fault in measured.Select(one => one.Recovery.Fault).Distinct().OrderBy(fault => fault == Undisturbed))
                Console.WriteLine($"| {fault} | {string.Join(" | ", kinds.Select(kind => Summary([.. measured.Where(one => one.Kind == kind && one.Recovery.Fault == fault).Select(one => seconds(one.Recovery))])))} |");
            var kills = measured.Where(one => one.Recovery.IsKill).Select(one => seconds(one.Recovery)).ToArray();
            Console.WriteLine(FormattableString.Invariant($"\n{kills.Count(took => took > MostAfterKill.TotalSeconds)} of {kills.Length} kills took longer than {MostAfterKill.TotalSeconds:f0} s; the longest {kills.Max():f1} s."));
        }
    }

    private static async Task<IReadOnlyList<Recovery>> MeasureAsync(TinyJob job, string siloProgram, string agentProgram, string responseTimeout, string kind, string id, CancellationToken cancellation)
    {
        await using var server = await ClusterServer.StartAsync(kind, cancellation);
        await using var cluster = new ProcessCluster(job, cancellation, server) { SiloProgram = siloProgram, AgentProgram = agentProgram };
        string[] faults = [.. Points.Select(point => $"{point}:kill@armed@job={id}"), .. server.HasMembership ? [$"step-computed:stop@armed@job={id}"] : Array.Empty<string>()];
        var (commit, opening) = ($"version-committed:note@job={id}", $"round-opened:note@job={id}");
        var plan = new FaultPlanFiles(Path.Combine(job.Folder, id), [.. faults, commit, opening]);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(MostPerJob);
        await using var stuck = patience.Token.Register(() => Console.Error.WriteLine($"{id} is stuck:\n{cluster.Logs()}"));
        var silos = await SupervisedSilos.StartAsync(cluster, server.HasMembership ? 3 : 1, plan.Options, patience.Token);
        await cluster.SubmitAsync(id, Rounds);
        string[] options = [.. cluster.GatewayUrls, .. responseTimeout.Length > 0 ? ["--response-timeout", responseTimeout] : Array.Empty<string>()];
        cluster.StartAgent(id, 0, 2, options);
        cluster.StartAgent(id, 3, 5, options);

        var recoveries = new List<Recovery>();
        foreach (var fault in faults)
        {
            // The fault is one of a cluster that works: all silos are there, agents too, and have been through some rounds.
            await silos.AllReadyAsync(patience.Token);
            while (plan.Noted(commit).Count < RoundsBefore) await Task.Delay(50, patience.Token);
            await Task.Delay(Settled, patience.Token);
            plan.Arm(fault);
            var recovery = await RecoveredAsync(fault);
            recoveries.Add(recovery);
            var happened = plan.Happened()[fault];
            if (!recovery.IsKill) silos.Resume(happened.ProcessId); // It learns that it is out, and ends.
            if (recovery.Progress > (recovery.IsKill ? MostAfterKill : MostAfterHang).TotalSeconds)
                Console.Error.WriteLine(FormattableString.Invariant($"{id}: {recovery.Fault} at {happened.At:mm:ss.fff} took {recovery.Progress:f1} s\n{cluster.Logs()}"));
        }

        var times = plan.Noted(commit).Select(note => note.At).ToArray();
        var between = Median([.. times.Zip(times.Skip(1), (one, next) => (next - one).TotalSeconds)]);
        return [.. recoveries, new(Undisturbed, between, between)];

        async Task<Recovery> RecoveredAsync(string fault)
        {
            while (true)
            {
                if (plan.Happened().TryGetValue(fault, out var happened))
                {
                    // A version that was committed before the fault, and the opening of the fault's own round, are no progress when they come again.
                    var next = fault.StartsWith("version-committed", StringComparison.Ordinal) || fault.StartsWith("round-closed", StringComparison.Ordinal) ? happened.Round + 1 : happened.Round;
                    var committed = plan.Noted(commit).FirstOrDefault(note => note.Round >= next && note.At > happened.At);
                    var opened = plan.Noted(opening).FirstOrDefault(note => note.Round > happened.Round && note.At > happened.At);
                    if (committed is not null)
                        return new(string.Join(' ', fault.Split('@')[0].Split(':').Reverse()), Math.Min(Seconds(committed), opened is null ? double.MaxValue : Seconds(opened)), Seconds(committed));
                    double Seconds(FaultNote note) => (note.At - happened.At).TotalSeconds;
                }

                await Task.Delay(50, patience.Token);
            }
        }

    }

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
