using System.Diagnostics;
using System.Globalization;
using FwdLLM.Bench.Measuring;
using FwdLLM.Cli.Settings;
using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Bench;

/// <summary>
/// What training costs a device beyond inference: time per direction and peak memory, both against the plain forward pass of
/// 8 texts of 64 tokens on one thread. Variants take turns inside every round, so that drift of the machine cancels in the ratios.
/// </summary>
internal static class DeviceCostBench
{
    private const int Texts = 8;
    private const int Tokens = 64;
    private const string Child = "peak-memory-of";

    public const string Options = """
          --model DIR  Checkpoint folder. Default: all-MiniLM-L6-v2 of the reference data, otherwise the model of this repository.
          --cache DIR  Folder of compiled models. Default: in the temporary folder.

        Exit code 1 when a target is missed; with --short 0 all the same: three rounds are too few to judge by.
        """;

    private static readonly AdapterSpec TopTwo = AdapterSpec.Default with { FirstLayer = 4 };

    /// <summary>Prints Markdown tables. Returns 1 when a target is missed in a full run.</summary>
    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("model", "cache", Child);
        if (arguments.Has(Child))
            return RunChild(arguments.Get(Child, ""));
        if (Model(arguments) is not { } folder)
        {
            Console.WriteLine($"device-cost: skipped: {arguments.Shared} has no model and this build has none; point FWDLLM_SHARED at the reference data.");
            return 0;
        }

        var cache = arguments.Get("cache", Path.Combine(Path.GetTempPath(), "fwdllm-bench-models"));
        var full = ModelCache.GetOrCompile(folder, AdapterSpec.Default, cache);
        var top = ModelCache.GetOrCompile(folder, TopTwo, cache);
        Console.WriteLine($"Model: {Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))}.");
        Console.WriteLine();
        var timeMet = MeasureTime(full, top, arguments.Short ? 3 : 15);
        var memoryMet = MeasureMemory(full, arguments);
        Console.WriteLine();
        Console.WriteLine($"Targets: time {Verdict(timeMet)}, memory {Verdict(memoryMet)}{(arguments.Short ? "; a short run does not judge" : "")}.");
        return arguments.Short || (timeMet && memoryMet) ? 0 : 1;
    }

    private static string Verdict(bool met) => met ? "met" : "missed";

    private static string? Model(BenchArguments arguments)
    {
        if (arguments.Has("model"))
            return arguments.Get("model", "");
        var reference = Path.Combine(arguments.Shared, "models", "all-MiniLM-L6-v2");
        return Directory.Exists(reference) ? reference : BundledAssets.Installed.Model;
    }

    private static bool MeasureTime(CompiledModel full, CompiledModel top, int rounds)
    {
        using var runtime = ModelRuntime.Open(full);
        using var suffix = ModelRuntime.Open(top);
        var batch = Batch(full);
        var theta = Random(runtime.Dimension, 0.1f, 1);
        var topTheta = Random(suffix.Dimension, 0.1f, 2);
        var (four, eight, topFour) = (Signs(4 * runtime.Dimension), Signs(8 * runtime.Dimension), Signs(4 * suffix.Dimension));
        (string Name, int Directions, double? Target, Action Work)[] variants =
        [
            ("forward", 1, null, () => runtime.Features(batch, theta)),
            ("JVP, K = 4, per direction", 4, 1.45, () => runtime.Jvp(batch, theta, four)),
            ("JVP, K = 8, per direction", 8, null, () => runtime.Jvp(batch, theta, eight)),
            ("top-2 suffix, prefix cached, forward", 1, null, () => suffix.Features(batch, topTheta)),
            ("top-2 suffix, prefix cached, JVP, K = 4, per direction", 4, 0.45, () => suffix.Jvp(batch, topTheta, topFour)),
        ];
        foreach (var variant in variants)
            variant.Work();
        var times = variants.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < rounds; round++)
            for (var index = 0; index < variants.Length; index++)
            {
                var watch = Stopwatch.StartNew();
                variants[index].Work();
                times[index].Add(watch.Elapsed.TotalMilliseconds / variants[index].Directions);
            }

        Console.WriteLine($"| {Texts} × {Tokens} tokens, 1 thread, {rounds} rounds | min ms | median ms | min ratio | median ratio | target |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var met = true;
        for (var index = 0; index < variants.Length; index++)
        {
            // The ratio of minima is the estimate least disturbed by other processes.
            var ratio = times[index].Min() / times[0].Min();
            met &= variants[index].Target is not { } target || ratio <= target;
            Console.WriteLine(Line($"| {variants[index].Name} | {times[index].Min():f1} | {Median(times[index]):f1} | {ratio:f2} | {Median(times[index]) / Median(times[0]):f2} | {(variants[index].Target is { } limit ? Line($"≤ {limit:f2}") : "")} |"));
        }

        Console.WriteLine();
        return met;
    }

    private static bool MeasureMemory(CompiledModel model, BenchArguments arguments)
    {
        if (!ProcessMemory.IsKnown)
        {
            Console.WriteLine("Memory is not measured: this system does not tell a process's peak.");
            return true;
        }

        var inference = PeakOfChild("inference", model, arguments);
        var training = PeakOfChild("training", model, arguments);
        var ratio = training / (double)inference;
        Console.WriteLine("| device process, 8 × 64 tokens | peak RSS MB | ratio | target |");
        Console.WriteLine("|---|---|---|---|");
        Console.WriteLine(Line($"| inference only | {inference / 1e6:f0} | 1.00 | |"));
        Console.WriteLine(Line($"| inference and JVP, K = 8 | {training / 1e6:f0} | {ratio:f2} | ≤ 1.30 |"));
        return ratio <= 1.30;
    }

    private static long PeakOfChild(string role, CompiledModel model, BenchArguments arguments) =>
        long.Parse(ChildProcess.Run(arguments, Child, $"{role}:{model.Folder}"), CultureInfo.InvariantCulture);

    private static int RunChild(string argument)
    {
        var (role, folder) = (argument[..argument.IndexOf(':')], argument[(argument.IndexOf(':') + 1)..]);
        var model = CompiledModel.Open(folder);
        using var runtime = ModelRuntime.Open(model);
        var theta = Random(runtime.Dimension, 0.1f, 1);
        for (var round = 0; round < 3; round++)
        {
            runtime.Features(Batch(model), theta);
            if (role == "training")
                runtime.Jvp(Batch(model), theta, Signs(8 * runtime.Dimension));
        }

        Console.WriteLine(ProcessMemory.PeakResident.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static TokenSequence[] Batch(CompiledModel model)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, Texts).Select(_ => new TokenSequence([.. Enumerable.Range(0, Tokens).Select(_ => random.Next(model.Manifest.Config.VocabularySize))]))];
    }

    private static float[] Random(int count, float bound, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * bound)];
    }

    private static float[] Signs(int count) => Array.ConvertAll(Random(count, 1, 9), value => value < 0 ? -1f : 1f);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
