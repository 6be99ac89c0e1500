using System.Globalization;
using System.Text.Json;
using FwdLLM.Bench.Learning;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Bench.Ridge;

/// <summary>
/// Which ridge the head wants, by cross-validation on training rows alone: the federated head fit on all folds but one, evaluated on that one.
/// </summary>
internal static class RidgeBench
{
    public const string Options = """
          --data NAME,...   Data sets: embedded, or of the reference data. Default: embedded and four of the reference data; short: embedded.
          --ridges X,...    Values of headRidge, which is divided by the number of classes [0.006,0.02,0.06,0.12,0.25,0.5].
          --folds N         Folds [3].
          --limit N         Training rows at most, evenly taken [6000; short: 400].
        """;

    private const int Devices = 20, MaxTokens = 64;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("data", "ridges", "folds", "limit");
        var full = Path.Combine(arguments.Shared, "models", "all-MiniLM-L6-v2");
        if (BundledAssets.Installed is not { Model: { } compact, Train: { } embedded })
        {
            Console.WriteLine("ridge: skipped: this build has no model and data of its own.");
            return 0;
        }

        var isShort = arguments.Short || !Directory.Exists(full);
        if (isShort && !arguments.Short)
            Console.Error.WriteLine($"ridge: {full} does not exist; the compact model on the embedded data alone. Point FWDLLM_SHARED at the reference data for the rest.");
        double[] ridges = [.. arguments.Get("ridges", isShort ? "0.12" : "0.006,0.02,0.06,0.12,0.25,0.5").Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        var folds = Math.Max(2, arguments.GetPositive("folds", 3));
        var limit = arguments.GetPositive("limit", isShort ? 400 : 6000);
        Console.WriteLine($"Accuracy / loss on rows left out of the head fit, {folds} folds of at most {limit} training rows, by headRidge (divided by the number of classes).");
        Console.WriteLine();
        Console.WriteLine($"| data | classes | rows | {string.Join(" | ", ridges.Select(ridge => ridge.ToString(CultureInfo.InvariantCulture)))} |");
        Console.WriteLine($"|---|---|---|{string.Concat(ridges.Select(_ => "---|"))}");
        foreach (var set in arguments.Get("data", isShort ? "embedded" : "sst2,yelp_polarity,ag_news,embedded,banking77").Split(','))
        {
            var file = set == "embedded" ? embedded : Path.Combine(arguments.Shared, "data", set, "train.jsonl.gz");
            var rows = Thinned(DataReader.Read(file, new DataReadOptions()).Rows, limit);
            var (results, classes) = Validate(isShort ? compact : full, rows, folds, ridges);
            Console.WriteLine($"| {set} | {classes} | {rows.Count} | {string.Join(" | ", results.Select(result => string.Create(CultureInfo.InvariantCulture, $"{result.Accuracy:f4} / {result.Loss:f4}")))} |");
        }

        return 0;
    }

    private static ((double Accuracy, double Loss)[] Results, int Classes) Validate(string model, IReadOnlyList<LabelledText> rows, int folds, double[] ridges)
    {
        var results = new (double Accuracy, double Loss)[ridges.Length];
        var classes = 0;
        var folder = Directory.CreateTempSubdirectory("fwdllm-ridge-").FullName;
        try
        {
            for (var fold = 0; fold < folds; fold++)
            {
                var (train, test) = (Path.Combine(folder, "train.jsonl"), Path.Combine(folder, "test.jsonl"));
                Write(train, rows.Where((_, at) => at % folds != fold));
                Write(test, rows.Where((_, at) => at % folds == fold));
                using var task = new LearningTask(model, AdapterSpec.Default, train, test, Devices, int.MaxValue, MaxTokens);
                classes = task.Classes;
                for (var at = 0; at < ridges.Length; at++)
                {
                    var context = task.Context(new AlgorithmOptions { BlockScaling = false, MaxRounds = 0, HeadLast = false, HeadRidge = ridges[at] });
                    var (accuracy, loss) = task.Evaluate(new Simulation(new Trainer(context), task.Workers(context)).Run());
                    results[at] = (results[at].Accuracy + (accuracy / folds), results[at].Loss + (loss / folds));
                }

                Console.Error.WriteLine($"fold {fold + 1} of {folds}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return (results, classes);
    }

    // Every so many, so that a file sorted by class keeps all of them.
    private static IReadOnlyList<LabelledText> Thinned(IReadOnlyList<LabelledText> rows, int limit) =>
        rows.Count <= limit ? rows : [.. Enumerable.Range(0, limit).Select(at => rows[(int)((long)at * rows.Count / limit)])];

    private static void Write(string path, IEnumerable<LabelledText> rows) =>
        File.WriteAllLines(path, rows.Select(row => JsonSerializer.Serialize(new { text = row.Text, label = row.Label })));
}
