using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FwdLLM.Cli.Settings;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Bench.Learning;

/// <summary>
/// Accuracy against forward passes on real data, without a cluster. Scalars come from the oracle estimator unless told
/// otherwise: the backpropagated gradient's inner products with the same directions, equal to the JVP's up to rounding.
/// </summary>
internal static class LearningBench
{
    public static int Run(BenchArguments arguments)
    {
        var adapter = Adapter(arguments);
        var (train, test) = Files(arguments);
        using var task = new LearningTask(
            arguments.Get("model", Path.Combine(arguments.Shared, "models", "all-MiniLM-L6-v2")),
            adapter,
            train,
            test,
            arguments.Get("devices", 50),
            arguments.Get("test-limit", int.MaxValue),
            arguments.Get("max-tokens", 64));
        foreach (var settings in arguments.Get("set", "").Split(';'))
            foreach (var seed in arguments.GetSeeds("1"))
                RunOnce(task, Options(arguments, settings) with { Seed = seed }, adapter, settings, arguments);
        return 0;
    }

    private static void RunOnce(LearningTask task, AlgorithmOptions options, AdapterSpec adapter, string settings, BenchArguments arguments)
    {
        var context = task.Context(options);
        var workers = task.Workers(context);
        var exact = ExactOption.Parse(arguments.Get("exact", "0"), workers.Length);
        var simulation = new Simulation(new Trainer(context), workers, exact: ExactOption.Choose(options.Seed, workers.Length, exact));
        var every = arguments.Get("evaluate-every", 10);
        var watch = Stopwatch.StartNew();
        var curve = new List<(double Passes, double Accuracy, double Loss)>();
        (double Accuracy, double Loss) headOnly = (double.NaN, double.NaN), beforeLastFit = (double.NaN, double.NaN);
        simulation.Run((plan, state, loss) =>
        {
            if (double.IsNaN(headOnly.Accuracy) && (plan.Kind == WorkKind.Curvature || (plan.Kind == WorkKind.HeadGradient && state.Stage is TrainingStage.Probes or TrainingStage.Curvature or TrainingStage.Done)))
                Add(headOnly = task.Evaluate(state), state, "head only");
            else if (plan.Kind == WorkKind.Probes && state.Stage == TrainingStage.LastStatistics)
                Add(beforeLastFit = task.Evaluate(state), state, "before the last head fit");
            else if (plan.Kind == WorkKind.Probes && every > 0 && state.ProbeRounds % every == 0)
                Add(task.Evaluate(state), state, "round");
            if (plan.Kind == WorkKind.Probes && arguments.Has("verbose"))
                Console.Error.WriteLine($"  {state.ProbeRounds} {loss:F4} {string.Join(' ', state.Report.Select(r => $"{r.Key}={r.Value:G4}"))}");
        });
        var final = task.Evaluate(simulation.State);
        Add(final, simulation.State, "final");
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            data = arguments.Get("data", "sst2"),
            test = arguments.Get("test", "test"),
            algorithm = options.Name,
            estimator = options.Estimator.ToString(),
            adapter = $"{adapter.Kind}:{adapter.Rank}",
            exact_devices = exact,
            seed = options.Seed,
            passes = Passes(simulation.State),
            probe_rounds = simulation.State.ProbeRounds,
            head_only = double.IsNaN(headOnly.Accuracy) ? (double?)null : Math.Round(headOnly.Accuracy, 4), // The reference has no such stage.
            accuracy_before_last_fit = double.IsNaN(beforeLastFit.Accuracy) ? (double?)null : Math.Round(beforeLastFit.Accuracy, 4),
            accuracy = Math.Round(final.Accuracy, 4),
            loss = Math.Round(final.Loss, 4),
            kept = simulation.State.Report.GetValueOrDefault("adapter-kept", double.NaN) is var kept && double.IsNaN(kept) ? (double?)null : kept,
            seconds = Math.Round(watch.Elapsed.TotalSeconds),
            sha256 = simulation.State.AdapterSha256(),
            set = settings,
            curve = curve.Select(point => new[] { Math.Round(point.Passes), Math.Round(point.Accuracy, 4), Math.Round(point.Loss, 4) }),
        }));

        void Add((double Accuracy, double Loss) evaluation, ModelState state, string what)
        {
            curve.Add((Passes(state), evaluation.Accuracy, evaluation.Loss));
            Console.Error.WriteLine($"{arguments.Get("data", "sst2")} {settings} seed {options.Seed} {what}: {Passes(state):F0} passes, accuracy {evaluation.Accuracy:F4}, loss {evaluation.Loss:F4}, {watch.Elapsed.TotalSeconds:F0} s");
        }
    }

    private static (string Train, string Test) Files(BenchArguments arguments)
    {
        var data = arguments.Get("data", "sst2");
        if (data == "embedded") return (Path.Combine("assets", "data", "train.jsonl"), Path.Combine("assets", "data", "test.jsonl"));
        var folder = Path.Combine(arguments.Shared, "data", data);
        return (Path.Combine(folder, "train.jsonl.gz"), Path.Combine(folder, arguments.Get("test", "test") + ".jsonl.gz"));
    }

    private static double Passes(ModelState state) => state.ForwardExamples / (double)ForwardCost.ExamplesPerPass;

    private static AlgorithmOptions Options(BenchArguments arguments, string settings)
    {
        var preset = arguments.Get("algorithm", "default") == "fwdllm-reference"
            ? AlgorithmOptions.Reference
            : new AlgorithmOptions { Estimator = EstimatorKind.Oracle };
        var json = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(preset.ToJson())!;
        foreach (var setting in settings.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = (setting.Split('=')[0], setting.Split('=')[1]);
            json[name] = JsonSerializer.SerializeToElement(
                bool.TryParse(value, out var flag) ? flag
                : double.TryParse(value, CultureInfo.InvariantCulture, out var number) ? (number == Math.Floor(number) ? (object)(long)number : number)
                : value);
        }

        if (arguments.Has("estimator")) json["estimator"] = JsonSerializer.SerializeToElement(arguments.Get("estimator", "oracle"));
        return AlgorithmOptions.FromJson(JsonSerializer.Serialize(json)) with { MaxPasses = arguments.Get("max-passes", 25_000) };
    }

    private static AdapterSpec Adapter(BenchArguments arguments)
        => AdapterOption.Parse(arguments.Get("adapter", arguments.Get("algorithm", "default") == "fwdllm-reference" ? "lora" : "lora-xs"));
}
