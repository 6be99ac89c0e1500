using System.Diagnostics;
using System.Globalization;
using FwdLLM.Cli.Profiling;
using FwdLLM.Cli.Settings;
using FwdLLM.Learning.Profiling;

namespace FwdLLM.Bench.Profile;

/// <summary>Does η rank adapters as training does? η of each candidate on one side, the loss gained by a short run of equal passes on the other.</summary>
internal static class ProfileBench
{
    private const string Candidates = "lora-xs:4@3,lora-xs:8,lora-xs:8@3,lora-xs:16@3,lora:8@3,ia3@3,bitfit,bitfit@3,pfeiffer@3";

    public const string Options = $"""
          --data NAME,NAME       embedded, or a set of the reference data. Default: embedded,sst2.
          --model DIR            Checkpoint folder. Default: the compact model of this repository.
          --candidates LIST      Adapters. Default: {Candidates}.
          --rows N               Most rows of a set. Default: 2048.
          --examples N           Most examples to take gradients of. Default: 1024.
          --rounds N             Rounds of a run, of 16 devices with 64 probes. Default: 3.
          --max-tokens N         Tokens per text. Default: 24.
          --seeds N,N            Seeds, of rows, directions and training alike. Default: 1,2,3.
        """;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("data", "model", "candidates", "rows", "examples", "rounds", "max-tokens", "seeds");
        if (arguments.Get("model", BundledAssets.Installed.Model ?? "") is not { Length: > 0 } model)
        {
            Console.WriteLine("profile: skipped: this build has no model; name one with --model.");
            return 0;
        }

        var candidates = CandidateList.Parse(arguments.Get("candidates", arguments.Short ? "lora-xs:2@5,bitfit@5" : Candidates));
        var names = arguments.Get("data", arguments.Short ? "embedded" : "embedded,sst2").Split(',');
        var sizes = arguments.Short ? (Rows: 128, Examples: 64, Rounds: 1) : (Rows: 2048, Examples: 1024, Rounds: 3);
        var seeds = arguments.GetSeeds(arguments.Short ? "1" : "1,2,3");
        Console.WriteLine("| data | adapter | d | \\|g\\|² | η | cosine | step | loss | gain | expected gain |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        var summary = new List<string>();
        foreach (var name in names)
        {
            if (Files.Train(arguments, name) is not { } file)
            {
                summary.Add($"{name}: skipped, {arguments.Shared} has no such data.");
                continue;
            }

            var watch = Stopwatch.StartNew();
            var trials = seeds.Select(seed => new ProfileTrial(
                model, file, arguments.GetPositive("rows", sizes.Rows), arguments.GetPositive("examples", sizes.Examples),
                arguments.GetPositive("rounds", sizes.Rounds), arguments.GetPositive("max-tokens", 24), seed)).ToArray();
            var results = new List<TrialResult[]>();
            foreach (var spec in candidates)
            {
                results.Add([.. trials.Select(trial => trial.Run(spec))]);
                Console.WriteLine(Row(name, results[^1]));
            }

            summary.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: rank correlation of the gain with η {Correlations(results, result => result.Profile.Rate.Value)}, with the cosine {Correlations(results, result => result.Profile.Cosine.Value)}; {results.Count} adapters, {trials[0].Passes:F0} passes a run, {watch.Elapsed.TotalSeconds:F0} s."));
        }

        Console.WriteLine();
        foreach (var line in summary) Console.WriteLine($"- {line}");
        return 0;
    }

    /// <summary>Of the means over the seeds, and of each seed alone.</summary>
    private static string Correlations(List<TrialResult[]> results, Func<TrialResult, double> predicted)
    {
        if (results.Count < 2) return "–";
        var alone = Enumerable.Range(0, results[0].Length).Select(seed => Spearman(of => predicted(of[seed]), of => of[seed].Gain));
        return string.Create(CultureInfo.InvariantCulture, $"{Spearman(of => of.Average(predicted), of => of.Average(result => result.Gain)):F2} (single seeds {string.Join(", ", alone.Select(value => value.ToString("F2", CultureInfo.InvariantCulture)))})");

        double Spearman(Func<TrialResult[], double> x, Func<TrialResult[], double> y) => RankCorrelation.Spearman([.. results.Select(x)], [.. results.Select(y)]);
    }

    private static string Row(string data, TrialResult[] results)
    {
        var profile = results[0].Profile;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {data} | {profile.Adapter} | {profile.Dimension} | {Figure(result => result.Profile.SquaredGradient.Value, "0.0e-0")} | {Figure(result => result.Profile.Rate.Value, "0.0e-0")} | {Figure(result => result.Profile.Cosine.Value, "0.000")} | {results.Average(result => result.Step):F3} | {results.Average(result => result.Before):F4} | {Figure(result => result.Gain, "0.0000")} | {Figure(result => result.Expected, "0.0000")} |");

        string Figure(Func<TrialResult, double> of, string format)
        {
            var mean = Estimate.Mean([.. results.Select(of)]);
            var deviation = mean.StandardError * Math.Sqrt(results.Length); // NaN for a single seed.
            return $"{mean.Value.ToString(format, CultureInfo.InvariantCulture)} ± {deviation.ToString(format, CultureInfo.InvariantCulture)}";
        }
    }

    private static class Files
    {
        public static string? Train(BenchArguments arguments, string name)
        {
            var file = name == "embedded" ? BundledAssets.Installed.Train : Path.Combine(arguments.Shared, "data", name, "train.jsonl.gz");
            return File.Exists(file) ? file : null;
        }
    }
}
