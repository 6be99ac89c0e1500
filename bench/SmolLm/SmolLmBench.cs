using System.Globalization;
using System.Text.Json;
using FwdLLM.Bench.Measuring;
using FwdLLM.Cli;
using FwdLLM.Cli.Running;
using FwdLLM.Grains;
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
          --rounds N        Steps. Default: 24; short: 1.
          --first-layer N   Lowest layer that is trained. Default: 27 of 30; short: 29.
          --rank N          Rank of the LoRA-XS on every linear layer. Default: 4.
          --probes N        Directions of a device and step. Default: 16; short: 8.
          --rates X,...     Steps that are tried on the development rows. Default: 0.05,0.1,0.2,0.4; short: 0.2.
          --train-rows N    Training rows of sst2. Default: 512; short: 16.
          --dev-rows N      Further training rows, with which prompt and step are chosen. Default: 256; short: 8.
          --test-rows N     Held-out rows of sst2. Default: 600; short: 8.

        Skipped where the reference data has no SmolLM2-135M-Instruct.
        """;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("rounds", "first-layer", "rank", "probes", "rates", "train-rows", "dev-rows", "test-rows", Child);
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
        Console.WriteLine(Line($"sst2, the first {files.TrainRows} training rows, {files.DevelopmentRows} further ones to choose with and {files.TestRows} held-out rows, at most {PromptJobFiles.MaxTokens} tokens; int4, blocks as stored; LoRA-XS on every linear layer."));
        Console.WriteLine();
        Console.WriteLine("| prompt | words | zero-shot accuracy, development rows | loss |");
        Console.WriteLine("|---|---|---|---|");
        var (best, prompt) = (new PromptOutcome(-1, 0, 0, 0), Prompts[0]);
        foreach (var candidate in arguments.Short ? Prompts[..1] : Prompts)
        {
            var outcome = Do<PromptOutcome>("zero-shot", files.Write("dev", candidate.Template, candidate.Verbalizers, 1), arguments);
            Console.WriteLine(Line($"| `{candidate.Template.Replace("\n", "\\n", StringComparison.Ordinal)}` | {candidate.Verbalizers} | {outcome.Accuracy:f4} | {outcome.Loss:f4} |"));
            if (outcome.Accuracy > best.Accuracy)
                (best, prompt) = (outcome, candidate);
        }

        var rates = arguments.Get("rates", arguments.Short ? "0.2" : "0.05,0.1,0.2,0.4");
        var tried = Do<RateOutcome[]>(Line($"rates-{rates}"), files.Write("dev", prompt.Template, prompt.Verbalizers, 1), arguments);
        Console.WriteLine();
        Console.WriteLine("| step | directions, accuracy on development rows | loss | the gradient, accuracy | loss |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var (rate, probes, gradient) in tried)
            Console.WriteLine(Line($"| {rate} | {probes.Accuracy:f4} | {probes.Loss:f4} | {gradient.Accuracy:f4} | {gradient.Loss:f4} |"));

        var (step, gradientStep) = (tried.MinBy(x => x.Probes.Loss)!.Rate, tried.MinBy(x => x.Gradient.Loss)!.Rate);
        var run = Do<RunSummary>("run", files.Write("test", prompt.Template, prompt.Verbalizers, step), arguments);
        var exact = Do<PromptOutcome>("exact", files.Write("test", prompt.Template, prompt.Verbalizers, gradientStep), arguments);
        Console.WriteLine();
        Console.WriteLine(Line($"Admission: cosine {run.AdmissionCosine:f4} with float32. d = {best.Dimension}, {run.Rounds} rounds, {run.Probes} probes."));
        Console.WriteLine();
        Console.WriteLine("| | step | passes | held-out accuracy | loss | peak RSS MB |");
        Console.WriteLine("|---|---|---|---|---|---|");
        Console.WriteLine(Line($"| zero-shot | | 0 | {run.AccuracyHeadOnly:f4} | {run.LossHeadOnly:f4} | |"));
        Console.WriteLine(Line($"| forward gradients, `fwdllm run` | {step} | {run.ForwardPasses:f0} | {run.Accuracy:f4} | {run.Loss:f4} | {run.PeakRssBytes / 1e6:f0} |"));
        Console.WriteLine(Line($"| the gradient, as many steps | {gradientStep} | | {exact.Accuracy:f4} | {exact.Loss:f4} | {exact.PeakResident / 1e6:f0} |"));
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
        using var job = new PromptJob(file);
        PromptOutcome Outcome(EvaluationResult result) => new(result.Accuracy, result.Loss, job.Dimension, ProcessMemory.PeakResident);
        PromptOutcome Train(int probes, double rate) =>
            Outcome(job.Train(options => options with { Estimator = EstimatorKind.Oracle, ProbesPerDevice = probes > 0 ? probes : options.ProbesPerDevice, LearningRate = rate > 0 ? rate : options.LearningRate }));
        Console.WriteLine(what switch
        {
            "exact" => JsonSerializer.Serialize(Train(ManyDirections, 0)),
            "zero-shot" => JsonSerializer.Serialize(Outcome(job.ZeroShot())),
            _ => JsonSerializer.Serialize(what["rates-".Length..].Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture))
                .Select(rate => new RateOutcome(rate, Train(0, rate), Train(ManyDirections, rate)))),
        });
        return 0;
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
