using System.Diagnostics;
using System.Globalization;
using FwdLLM.Cli.Profiling;
using FwdLLM.Cli.Settings;
using FwdLLM.Learning.Profiling;

namespace FwdLLM.Bench.Profile;

/// <summary>Does η rank adapters as training does? η of each candidate on one side, the loss gained by a short run of equal passes on the other.</summary>
internal static class ProfileBench
{
    private const string Candidates = "lora-xs:8,lora-xs:8@3,lora:8@3,ia3@3,bitfit,pfeiffer@3";

    public const string Options = $"""
          --data NAME,NAME       embedded, or a set of the reference data. Default: embedded,sst2.
          --model DIR            Checkpoint folder. Default: the compact model of this repository.
          --candidates LIST      Adapters. Default: {Candidates}.
          --rows N               Most rows of a set. Default: 2048.
          --examples N           Most examples to take gradients of. Default: 1024.
          --rounds N             Rounds of a run, of 16 devices with 64 probes. Default: 3.
          --max-tokens N         Tokens per text. Default: 24.
          --seed N               Seed. Default: 1.
        """;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("data", "model", "candidates", "rows", "examples", "rounds", "max-tokens", "seed");
        if (arguments.Get("model", BundledAssets.Installed.Model ?? "") is not { Length: > 0 } model)
        {
            Console.WriteLine("profile: skipped: this build has no model; name one with --model.");
            return 0;
        }

        var candidates = CandidateList.Parse(arguments.Get("candidates", arguments.Short ? "lora-xs:2@5,bitfit@5" : Candidates));
        var names = arguments.Get("data", arguments.Short ? "embedded" : "embedded,sst2").Split(',');
        var sizes = arguments.Short ? (Rows: 128, Examples: 64, Rounds: 1) : (Rows: 2048, Examples: 1024, Rounds: 3);
        Console.WriteLine("| data | adapter | d | \\|g\\|² | η | step | loss | gain |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        var summary = new List<string>();
        foreach (var name in names)
        {
            if (Files.Train(arguments, name) is not { } file)
            {
                summary.Add($"{name}: skipped, {arguments.Shared} has no such data.");
                continue;
            }

            var watch = Stopwatch.StartNew();
            var trial = new ProfileTrial(
                model, file, arguments.GetPositive("rows", sizes.Rows), arguments.GetPositive("examples", sizes.Examples),
                arguments.GetPositive("rounds", sizes.Rounds), arguments.GetPositive("max-tokens", 24), (ulong)arguments.GetPositive("seed", 1));
            var results = candidates.Select(spec => Row(name, trial.Run(spec))).ToList();
            var (eta, cosine) = (Correlation(results, profile => profile.Rate), Correlation(results, profile => profile.Cosine));
            summary.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: rank correlation of the gain with η {eta:F2}, with the cosine {cosine:F2}; {results.Count} adapters, {trial.Passes:F0} passes each, {watch.Elapsed.TotalSeconds:F0} s."));
        }

        Console.WriteLine();
        foreach (var line in summary) Console.WriteLine($"- {line}");
        return 0;
    }

    private static double Correlation(List<TrialResult> results, Func<CandidateProfile, Estimate> predicted) =>
        results.Count < 2 ? double.NaN : RankCorrelation.Spearman([.. results.Select(result => predicted(result.Profile).Value)], [.. results.Select(result => result.Gain)]);

    private static TrialResult Row(string data, TrialResult result)
    {
        var profile = result.Profile;
        var (gradient, rate) = (Figure(profile.SquaredGradient), Figure(profile.Rate));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {data} | {profile.Adapter} | {profile.Dimension} | {gradient} | {rate} | {result.Step:F3} | {result.Before:F4} | {result.Gain:F4} |"));
        return result;
    }

    private static string Figure(Estimate figure) => string.Create(CultureInfo.InvariantCulture, $"{figure.Value:0.0e-0} ± {figure.StandardError:0e-0}");

    private static class Files
    {
        public static string? Train(BenchArguments arguments, string name)
        {
            var file = name == "embedded" ? BundledAssets.Installed.Train : Path.Combine(arguments.Shared, "data", name, "train.jsonl.gz");
            return File.Exists(file) ? file : null;
        }
    }
}
