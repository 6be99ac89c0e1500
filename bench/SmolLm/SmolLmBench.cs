using System.Globalization;
using System.Text.Json;
using FwdLLM.Bench.Measuring;
using FwdLLM.Cli;
using FwdLLM.Cli.Running;
using FwdLLM.Learning.Training;

namespace FwdLLM.Bench.SmolLm;

/// <summary>
/// SmolLM2-135M-Instruct in the 4-bit blocks of its GGUF file learns sst2 through a prompt: by <c>fwdllm run</c>, and beside
/// it the same job with the gradient nearly free of noise.
/// </summary>
internal static class SmolLmBench
{
    private const string Child = "do";
    // So many directions of each device that the estimate is the gradient but for a few per cent.
    private const int ManyDirections = 4096;

    private static readonly (string Template, string Verbalizers)[] Prompts =
    [
        ("{text} It was", "positive=great,negative=terrible"),
        ("Review: {text}\nSentiment:", "positive=positive,negative=negative"),
        ("Review: {text}\nQuestion: Is this review positive or negative?\nAnswer:", "positive=positive,negative=negative"),
    ];

    public const string Options = """
          --rounds N        Steps. Default: 16; short: 1.
          --first-layer N   Lowest layer that is trained. Default: 27 of 30; short: 29.
          --rank N          Rank of the LoRA-XS on every linear layer. Default: 4.
          --train-rows N    Training rows of sst2. Default: 128; short: 16.
          --test-rows N     Held-out rows of sst2. Default: 150; short: 8.
          --choose-rows N   Training rows with which a prompt is chosen. Default: 48; short: 8.

        Skipped where the reference data has no SmolLM2-135M-Instruct.
        """;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("rounds", "first-layer", "rank", "train-rows", "test-rows", "choose-rows", Child);
        if (arguments.Has(Child))
            return RunChild(arguments.Get(Child, ""));
        var model = Path.Combine(arguments.Shared, "models", "SmolLM2-135M-Instruct-GGUF", "SmolLM2-135M-Instruct.Q4_1.gguf");
        if (!File.Exists(model))
        {
            Console.WriteLine($"smollm: skipped: {model} does not exist; point FWDLLM_SHARED at the reference data.");
            return 0;
        }

        var folder = Directory.CreateTempSubdirectory("fwdllm-bench-smollm-").FullName;
        try
        {
            Measure(new PromptJobFiles(folder, Path.GetFullPath(model), arguments), arguments);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static void Measure(PromptJobFiles files, BenchArguments arguments)
    {
        Console.WriteLine(Line($"sst2, the first {files.TrainRows} training and {files.TestRows} held-out rows, at most {PromptJobFiles.MaxTokens} tokens; int4, blocks as stored; LoRA-XS on every linear layer."));
        Console.WriteLine();
        var chooseRows = arguments.GetPositive("choose-rows", arguments.Short ? 8 : 48);
        Console.WriteLine($"| prompt | words | accuracy on {chooseRows} training rows, zero-shot | loss |");
        Console.WriteLine("|---|---|---|---|");
        var (best, chosen) = (new PromptOutcome(-1, 0, 0, 0), "");
        foreach (var (template, words) in arguments.Short ? Prompts[..1] : Prompts)
        {
            var job = files.Write(template, words);
            var outcome = Do<PromptOutcome>(Line($"choose-{chooseRows}"), job, arguments);
            Console.WriteLine(Line($"| `{template.Replace("\n", "\\n", StringComparison.Ordinal)}` | {words} | {outcome.Accuracy:f4} | {outcome.Loss:f4} |"));
            if (outcome.Accuracy > best.Accuracy)
                (best, chosen) = (outcome, job);
        }

        var run = Do<RunSummary>("run", chosen, arguments);
        var exact = Do<PromptOutcome>("exact", chosen, arguments);
        Console.WriteLine();
        Console.WriteLine(Line($"Admission: cosine {run.AdmissionCosine:f4} with float32. d = {best.Dimension}, {run.Rounds} rounds, {run.Probes} probes."));
        Console.WriteLine();
        Console.WriteLine("| | passes | held-out accuracy | loss | peak RSS MB |");
        Console.WriteLine("|---|---|---|---|---|");
        Console.WriteLine(Line($"| zero-shot | 0 | {run.AccuracyHeadOnly:f4} | {run.LossHeadOnly:f4} | |"));
        Console.WriteLine(Line($"| forward gradients, `fwdllm run` | {run.ForwardPasses:f0} | {run.Accuracy:f4} | {run.Loss:f4} | {run.PeakRssBytes / 1e6:f0} |"));
        Console.WriteLine(Line($"| the gradient, as many steps | | {exact.Accuracy:f4} | {exact.Loss:f4} | {exact.PeakResident / 1e6:f0} |"));
        Console.WriteLine();
        Console.WriteLine(Line($"Wall clock of the run {run.Seconds:f0} s."));
    }

    private static T Do<T>(string what, string job, BenchArguments arguments)
    {
        var output = ChildProcess.Run(arguments, Child, $"{what}:{job}");
        return JsonSerializer.Deserialize<T>(output) ?? throw new InvalidOperationException($"{what} printed null.");
    }

    private static int RunChild(string argument)
    {
        var (what, file) = (argument[..argument.IndexOf(':')], argument[(argument.IndexOf(':') + 1)..]);
        if (what == "run")
            return CommandLine.RunAsync(["run", "--job", file, "--out", file + ".out", "--format", "json"], CliContext.Process(new LocalRunExecutor(TimeProvider.System, Random.Shared.NextDouble))).GetAwaiter().GetResult();
        using var job = new PromptJob(file, options => what == "exact" ? options with { Estimator = EstimatorKind.Oracle, ProbesPerDevice = ManyDirections } : options);
        var result = what == "exact" ? job.Train().Result : job.ZeroShot(int.Parse(what["choose-".Length..], CultureInfo.InvariantCulture));
        Console.WriteLine(JsonSerializer.Serialize(new PromptOutcome(result.Accuracy, result.Loss, job.Dimension, ProcessMemory.PeakResident)));
        return 0;
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
