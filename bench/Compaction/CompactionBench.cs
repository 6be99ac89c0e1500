using System.Globalization;
using FwdLLM.Bench.Learning;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Bench;

/// <summary>
/// What the compact model costs in accuracy: an exact head on frozen features, fitted by the project's own federated head fit over
/// 50 devices, evaluated on the held-out rows. No adapter moves, so the difference is the compaction's alone.
/// </summary>
internal static class CompactionBench
{
    public const string Options = """
          --data NAME,...  Data sets: embedded, or of the reference data. Default: embedded and four of the reference data; short: embedded.

        --short runs the compact model only.
        """;

    private const int Devices = 50, MaxTokens = 64;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("data");
        var full = Path.Combine(arguments.Shared, "models", "all-MiniLM-L6-v2");
        var isShort = arguments.Short || !Directory.Exists(full);
        if (BundledAssets.Installed is not { Model: { } compact, Train: not null, Test: not null })
        {
            Console.WriteLine("compaction: skipped: this build has no model and data of its own.");
            return 0;
        }

        if (isShort && !arguments.Short)
            Console.Error.WriteLine($"compaction: {full} does not exist; the compact model alone. Point FWDLLM_SHARED at the reference data for the comparison.");
        var sets = arguments.Get("data", isShort ? "embedded" : "embedded,sst2,ag_news,yelp_polarity,banking77").Split(',');
        Console.WriteLine($"Head-only accuracy on the held-out rows, {Devices} devices, at most {MaxTokens} tokens a text.");
        Console.WriteLine();
        Console.WriteLine("| data | held-out rows | model | accuracy | against full | loss | tokens per text | texts cut |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var set in sets)
        {
            var (train, test) = Files(set, arguments);
            double? reference = isShort ? null : Row(set, "full", full, train, test, null);
            Row(set, "compact", compact, train, test, reference);
        }

        return 0;
    }

    private static double Row(string set, string name, string model, string train, string test, double? reference)
    {
        using var task = new LearningTask(model, AdapterSpec.Default, train, test, Devices, int.MaxValue, MaxTokens);
        var context = task.Context(new AlgorithmOptions { BlockScaling = false, MaxRounds = 0 });
        var (accuracy, loss) = task.Evaluate(new Simulation(new Trainer(context), task.Workers(context)).Run());
        var lengths = Lengths(model, test);
        var difference = reference is { } value ? string.Create(CultureInfo.InvariantCulture, $"{accuracy - value:+0.0000;−0.0000;0.0000}") : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {set} | {lengths.Length} | {name} | {accuracy:f4} | {difference} | {loss:f4} | {lengths.Average():f1} | {lengths.Count(length => length > MaxTokens) / (double)lengths.Length:p1} |"));
        return accuracy;
    }

    // Special tokens included, before any text is cut.
    private static int[] Lengths(string model, string test)
    {
        var tokenizer = WordPieceTokenizer.Load(model);
        return [.. DataReader.Read(test, new DataReadOptions()).Rows.Select(row => tokenizer.Encode(row.Text, int.MaxValue).Length)];
    }

    private static (string Train, string Test) Files(string set, BenchArguments arguments)
    {
        if (set == "embedded")
            return (BundledAssets.Installed.Train!, BundledAssets.Installed.Test!);
        var folder = Path.Combine(arguments.Shared, "data", set);
        return Directory.Exists(folder)
            ? (Path.Combine(folder, "train.jsonl.gz"), Path.Combine(folder, "test.jsonl.gz"))
            : throw new ArgumentException($"--data names \"{set}\", and {folder} does not exist; give embedded or a folder below {Path.Combine(arguments.Shared, "data")}.");
    }
}
