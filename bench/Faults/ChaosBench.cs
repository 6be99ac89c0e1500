using System.Diagnostics;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Bench.Faults;

/// <summary>
/// The same job twice on three silos: once in peace, once while silos and agents are killed, hung and started again by a seeded schedule,
/// a fifth of all messages is delayed or doubled, and three devices in ten leave for good or for long.
/// </summary>
internal static class ChaosBench
{
    public const string Options =
        "  --storage KIND   redis or postgresql [redis].\n  --minutes N      How long faults go on at most [10].\n  --seed N         Seed of the schedule [1].\n  --devices N      Devices, in tens [200].\n  --rounds N       Rounds of probes [60 per minute].";

    /// <summary>Agents' processes; each has a tenth of the devices.</summary>
    private const int Agents = 10;

    private const string MessageFaults = "delay=0.1,duplicate=0.1,longest=1000,lose-answer=0.01,reorder=0.01,replay=0.05";

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("storage", "minutes", "seed", "devices", "rounds");
        return RunAsync(arguments).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(BenchArguments arguments)
    {
        var (kind, seed) = (arguments.Get("storage", "redis"), arguments.Get("seed", 1));
        var minutes = arguments.GetPositive("minutes", arguments.Short ? 1 : 10);
        var devices = arguments.GetPositive("devices", arguments.Short ? 40 : 200);
        var rounds = arguments.GetPositive("rounds", arguments.Short ? 25 : 60 * minutes);
        if (devices % Agents != 0) throw new ArgumentException($"--devices is {devices}; give a multiple of {Agents}.");

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes((3 * minutes) + 5));
        await using var job = new ChaosJob(devices);
        await job.InitializeAsync();
        await using var server = await ClusterServer.StartAsync(kind, limit.Token);
        await using var cluster = new ProcessCluster(job, limit.Token, server);
        var silos = await SupervisedSilos.StartAsync(cluster, 3, [], limit.Token);
        await cluster.SubmitAsync("template"); // Compiles the model into the folder that the silos serve.
        var template = await cluster.CallAsync(grains => grains.GetGrain<IJobGrain>("template").GetSpec());

        var calm = await RunJobAsync(cluster, Spec(template!, "calm", devices, rounds), job, faults: null, chaos: null, limit.Token);
        var schedule = new ChaosSchedule(new Random(seed), silos, TimeSpan.FromMinutes(minutes));
        var wild = await RunJobAsync(cluster, Spec(template!, "chaos", devices, rounds), job, $"{MessageFaults},seed={seed}", schedule, limit.Token);

        var noise = Math.Sqrt(((calm.Accuracy * (1 - calm.Accuracy)) + (wild.Accuracy * (1 - wild.Accuracy))) / calm.Tested);
        if (Math.Abs(calm.Accuracy - wild.Accuracy) > 3 * noise)
            wild.Verdict.Wrong.Add($"accuracy {wild.Accuracy:f3} is not within three times the noise {noise:f3} of the calm run's {calm.Accuracy:f3}");

        Console.WriteLine($"{devices} devices in {Agents} processes, 3 silos, {kind}, seed {seed}; adaptive schedule, cohort 10, quorum 0.8, deadline 5 s; {rounds} rounds of probes. Messages: {MessageFaults}.\n");
        Console.WriteLine("| | calm | chaos |\n|---|---|---|");
        Row("seconds", run => $"{run.Seconds:f0}");
        Row("versions", run => $"{run.Status.Model!.Version}");
        Row("contributions in the journal", run => $"{run.Verdict.Recorded}");
        Row("accepted by receipt, all of them in the journal", run => $"{run.Verdict.Acknowledged}");
        Row("late by receipt and used", run => $"{run.Verdict.LateUsed}");
        Row("replay gives the adapter and the chain", run => run.Verdict.Wrong.Count == 0 ? "yes" : "see below");
        Row($"accuracy of {calm.Tested} (noise ±{noise:f3})", run => $"{run.Accuracy:f3}");
        Console.WriteLine($"\nFaults: {schedule.Report()}.");
        foreach (var wrong in calm.Verdict.Wrong.Concat(wild.Verdict.Wrong).Take(20))
            Console.WriteLine($"WRONG: {wrong}");
        return calm.Verdict.Wrong.Count + wild.Verdict.Wrong.Count == 0 ? 0 : 1;

        void Row(string what, Func<ChaosOutcome, string> of) => Console.WriteLine($"| {what} | {of(calm)} | {of(wild)} |");
    }

    private static JobSpec Spec(JobSpec template, string id, int devices, int rounds) => template with
    {
        Id = id,
        Algorithm = (AlgorithmOptions.FromJson(template.Algorithm) with { MaxRounds = rounds, CohortSize = 10 }).ToJson(),
        Cohort = new CohortSpec { ExpectedDevices = devices, Schedule = ScheduleKind.Adaptive, Quorum = 0.8, Deadline = TimeSpan.FromSeconds(5) },
    };

    private static async Task<ChaosOutcome> RunJobAsync(ProcessCluster cluster, JobSpec spec, ChaosJob job, string? faults, ChaosSchedule? chaos, CancellationToken cancellation)
    {
        await cluster.CallAsync(grains => grains.GetGrain<IJobGrain>(spec.Id).Submit(spec));
        var receipts = Enumerable.Range(0, Agents).Select(agent => Path.Combine(job.Folder, $"{spec.Id}-{agent}.receipts")).ToArray();
        var agents = Enumerable.Range(0, Agents).Select(StartAgent).ToArray();
        await cluster.UntilAsync(spec.Id, status => status.Phase == JobPhase.Running);
        var started = Stopwatch.GetTimestamp();
        if (chaos is not null)
            await chaos.RunAsync(agents, StartAgent, async () => (await cluster.CallAsync(grains => grains.GetGrain<IJobGrain>(spec.Id).GetStatus(-1, TimeSpan.Zero))).Phase != JobPhase.Running, cancellation);
        var status = await cluster.UntilAsync(spec.Id, status => status.Phase == JobPhase.Finished);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (var agent in agents.Where((_, number) => chaos?.HasLeft(number) != true))
            await agent.EndAsync(cancellation);

        var journal = new List<RoundRecord>();
        while (await cluster.CallAsync(grains => grains.GetGrain<IModelGrain>(spec.Id).GetJournal((uint)journal.Count)) is { } entry)
            journal.Add(entry);
        var verdict = ChaosVerdict.Of(spec, status.Model!, journal, receipts.Where(File.Exists).SelectMany(File.ReadLines));
        var (accuracy, tested) = Accuracy(job, spec, verdict.State);
        return new ChaosOutcome(status, verdict, seconds, accuracy, tested);

        ProgramProcess StartAgent(int number)
        {
            var each = job.Devices / Agents;
            return cluster.StartAgent(
                spec.Id, number * each, ((number + 1) * each) - 1, cluster.GatewayUrls,
                ["--artifacts", job.Artifacts, "--max-concurrent", "1", "--receipts", receipts[number], .. faults is null ? [] : new[] { "--message-faults", faults }]);
        }
    }

    private static (double Accuracy, int Tested) Accuracy(ChaosJob job, JobSpec spec, byte[] state)
    {
        var model = CompiledModel.Open(Path.Combine(job.Artifacts, spec.Model.ManifestSha256));
        using var runtime = ModelRuntime.Open(model, new RuntimeOptions());
        var tokenizer = Tokenizers.Load(model.Folder);
        var labels = LabelIndex.FromTrain(DataReader.Read(job.Train, new DataReadOptions()));
        var unseen = Path.Combine(job.Folder, "unseen.jsonl");
        File.WriteAllLines(unseen, TinyJob.Rows(600, 3));
        var test = DataReader.Read(unseen, new DataReadOptions());
        var final = ModelState.FromBytes(state);
        var features = runtime.Features([.. test.Rows.Select(row => new TokenSequence(tokenizer.Encode(row.Text, spec.MaxTokens)))], final.Theta);
        var logits = new SoftmaxHead(spec.Labels.Count, final.FeatureMean, final.FeatureScale, final.Head).Logits(features);
        var right = SoftmaxLoss.Predictions(logits, spec.Labels.Count).Zip(labels.Encode(test)).Count(pair => pair.First == pair.Second);
        return (right / (double)test.Rows.Count, test.Rows.Count);
    }
}
