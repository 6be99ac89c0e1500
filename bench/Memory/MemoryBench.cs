using System.Diagnostics;
using System.Globalization;
using FwdLLM.Bench.Measuring;
using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Bench.Memory;

/// <summary>
/// Peak memory by method, as in Figure 1 of the FwdLLM paper: inference, forward gradients, an exact LoRA gradient by backpropagation,
/// and full fine-tuning in PyTorch; each in a process of its own, batches of 8 × 64 tokens.
/// </summary>
internal static class MemoryBench
{
    private const string Child = "device", MiniLm = "MiniLM";

    public const string Options = """
          --models NAME,...  Of MiniLM, ALBERT-base, DistilBERT, BERT-base, RoBERTa-large. Default: all; short: MiniLM, or DistilBERT where the reference data has none.
          --rounds N         Turns of the comparison of times. Default: 10; short: 2.
          --folder DIR       Where models are written, and deleted again. Default: the temporary folder.

        PyTorch is that of /usr/bin/python3 (Debian: python3-torch); its columns are left empty where there is none.
        """;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("models", "rounds", "folder", Child);
        if (arguments.Has(Child))
        {
            Console.WriteLine(MemoryDevice.FromJson(arguments.Get(Child, "")).Measure().ToJson());
            return 0;
        }

        if (!ProcessMemory.IsKnown)
        {
            Console.WriteLine("memory: skipped: this system does not tell a process's peak memory.");
            return 0;
        }

        var reference = Path.Combine(arguments.Shared, "models", "all-MiniLM-L6-v2");
        string[] known = Directory.Exists(reference) ? [MiniLm, .. MemoryShapes.Names] : [.. MemoryShapes.Names];
        var models = arguments.Has("models") ? arguments.Get("models", "").Split(',') : arguments.Short ? [known.Contains(MiniLm) ? MiniLm : "DistilBERT"] : known;
        var missing = TorchTraining.Missing();
        Console.WriteLine($"Peak RSS in MB, in brackets what of it is no page of a file; {MemoryDevice.Texts} × {MemoryDevice.Tokens} tokens, K = {MemoryDevice.Directions}, LoRA rank 8 on query and value.{(missing is null ? "" : $" PyTorch: skipped, {missing}.")}");
        Console.WriteLine();
        Console.WriteLine("| model | inference | forward gradients | forward gradients, int8 | exact LoRA gradient (VJP) | full fine-tuning, PyTorch | LoRA backward, PyTorch | full over int8 |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var name in models)
            WithSource(name, reference, source => Row(name, source, missing is null, arguments));
        if (missing is null && models[0] is var first)
            WithSource(first, reference, source => CompareTimes(first, source, arguments));
        return 0;
    }

    private static void Row(string name, ModelSource source, bool hasTorch, BenchArguments arguments)
    {
        var plain = WithModel(source, PrecisionSpec.Float32, arguments, model =>
            (Inference: Measure(model, MemoryRole.Inference, arguments), Forward: Measure(model, MemoryRole.ForwardGradient, arguments), Backward: Measure(model, MemoryRole.Backpropagation, arguments)));
        var int8 = WithModel(source, new PrecisionSpec(WeightFormats.Int8, []), arguments, model => Measure(model, MemoryRole.ForwardGradient, arguments));
        var (full, lora) = hasTorch ? (Torch("full", source), Torch("lora", source)) : (0, 0);
        Console.WriteLine(hasTorch
            ? Line($"| {name} | {plain.Inference} | {plain.Forward} | {int8} | {plain.Backward} | {full / 1e6:f0} | {lora / 1e6:f0} | {full / (double)int8.PeakResident:f1} |")
            : Line($"| {name} | {plain.Inference} | {plain.Forward} | {int8} | {plain.Backward} | | | |"));
    }

    private static void CompareTimes(string name, ModelSource source, BenchArguments arguments)
    {
        var rounds = arguments.GetPositive("rounds", arguments.Short ? 2 : 10);
        using var torch = new TorchTraining("lora", source.Config);
        var (ours, theirs) = WithModel(source, PrecisionSpec.Float32, arguments, model =>
        {
            using var runtime = ModelRuntime.Open(model);
            var batch = MemoryDevice.Batch(model);
            var (theta, directions) = (MemoryDevice.Values(runtime.Dimension, 0.01f, 1), MemoryDevice.Signs(MemoryDevice.Directions * runtime.Dimension));
            var (direction, step) = (double.PositiveInfinity, double.PositiveInfinity);
            // The first turn loads and is not counted.
            for (var round = 0; round <= rounds; round++)
            {
                var watch = Stopwatch.StartNew();
                runtime.Jvp(batch, theta, directions);
                var (seconds, other) = (watch.Elapsed.TotalSeconds / MemoryDevice.Directions, torch.Step());
                if (round > 0)
                    (direction, step) = (Math.Min(direction, seconds), Math.Min(step, other));
            }

            return (direction, step);
        });
        torch.Finish();
        Console.WriteLine();
        Console.WriteLine(Line($"{name}, one thread each, minima of {rounds} turns: a LoRA forward and backward pass in PyTorch takes {theirs * 1e3:f0} ms, a direction (JVP, float32, K = {MemoryDevice.Directions}) {ours * 1e3:f0} ms; the pass costs {theirs / ours:f2} directions."));
    }

    private static MemoryCost Measure(CompiledModel model, MemoryRole role, BenchArguments arguments) =>
        MemoryCost.FromJson(ChildProcess.Run(arguments, Child, new MemoryDevice(model.Folder, role).ToJson()));

    private static long Torch(string mode, ModelSource source)
    {
        using var torch = new TorchTraining(mode, source.Config);
        // Moments of the optimiser are there from the second step on.
        torch.Step();
        torch.Step();
        return torch.Finish();
    }

    private static void WithSource(string name, string reference, Action<ModelSource> use)
    {
        if (name != MiniLm)
        {
            use(MemoryShapes.Create(name).Source(PoolingKind.Mean));
            return;
        }

        using var checkpoint = Checkpoint.Open(reference);
        use(ModelSource.From(checkpoint));
    }

    private static T WithModel<T>(ModelSource source, PrecisionSpec precision, BenchArguments arguments, Func<CompiledModel, T> use)
    {
        var folder = Path.Combine(arguments.Get("folder", Path.GetTempPath()), $"fwdllm-bench-memory-{Guid.NewGuid():n}");
        try
        {
            return use(ModelCompiler.Compile(source, AdapterSpec.LoraQueryValue, folder, withVjp: true, precision));
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
