using System.Diagnostics;
using System.Globalization;
using FwdLLM.Bench.Measuring;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Bench.Billion;

/// <summary>
/// A model of LLaMA-7B's shape in 4 bits on one device: memory and time of inference and of directional derivatives. The weights are
/// random; neither depends on their values. Compiled by the ordinary compiler, one tensor in memory at a time.
/// </summary>
internal static class BillionBench
{
    private const string Child = "device";
    private const double PaperGigabytes = 4.0;
    private const int TopLayers = 4;

    public const string Options = """
          --layers N      Layers, of LLaMA-7B's width. Default: 32; short: 1.
          --vocabulary N  Rows of the word embedding. Default: 32000; short: 1000.
          --tokens N      Tokens of the one text. Default: 16.
          --directions N  K. Default: 4.
          --folder DIR    Where the models are written, and deleted again. Default: the temporary folder.

        The whole model takes 4.2 GB of disk, and with weights laid out anew 8 GB of memory.
        """;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("layers", "vocabulary", "tokens", "directions", "folder", Child);
        if (arguments.Has(Child))
        {
            Console.WriteLine(BillionDevice.FromJson(arguments.Get(Child, "")).Measure().ToJson());
            return 0;
        }

        if (!ProcessMemory.IsKnown)
        {
            Console.WriteLine("billion: skipped: this system does not tell a process's peak memory.");
            return 0;
        }

        var config = SevenBillion(arguments.GetPositive("layers", arguments.Short ? 1 : 32), arguments.GetPositive("vocabulary", arguments.Short ? 1000 : 32_000));
        var (tokens, directions) = (arguments.GetPositive("tokens", 16), arguments.GetPositive("directions", 4));
        var model = new SyntheticModel(config, seed: 1);
        Console.WriteLine(Line($"{config.Layers} layers of width {config.HiddenSize}, feed-forward {config.IntermediateSize}, {config.Heads} heads, vocabulary {config.VocabularySize}: {model.Parameters / 1e9:f2} billion parameters. LoRA rank 8 on query and value. 1 text × {tokens} tokens, K = {directions}, 1 thread."));
        Console.WriteLine();
        Console.WriteLine("| adapter in | d | model GB | device | weights laid out anew | peak RSS GB | of it anonymous GB | first call s | s per forward | s per direction |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var firstLayer in new[] { 0, config.Layers - TopLayers })
            if (firstLayer >= 0)
                Measure(model, firstLayer, config.Layers, tokens, directions, arguments);
        Console.WriteLine();
        Console.WriteLine(Line($"FwdLLM's paper states {PaperGigabytes:f1} GB for LLaMA-7B in INT4."));
        return 0;
    }

    private static ModelConfig SevenBillion(int layers, int vocabulary) => new(
        "llama", HiddenSize: 4096, Layers: layers, Heads: 32, IntermediateSize: 11_008, VocabularySize: vocabulary, MaxPositions: 2048, TypeVocabularySize: 0, NormEpsilon: 1e-6, HiddenActivation: "silu")
    {
        Rotary = new RotaryConfig(10_000),
        TiedOutput = false,
    };

    private static void Measure(SyntheticModel model, int firstLayer, int layers, int tokens, int directions, BenchArguments arguments)
    {
        var folder = Path.Combine(arguments.Get("folder", Path.GetTempPath()), $"fwdllm-bench-billion-{Guid.NewGuid():n}");
        try
        {
            var watch = Stopwatch.StartNew();
            var compiled = ModelCompiler.Compile(model.Source(PoolingKind.Pooler), AdapterSpec.LoraQueryValue with { FirstLayer = firstLayer }, folder, withVjp: false, new PrecisionSpec(WeightFormats.Int4, []));
            Console.Error.WriteLine(Line($"compiled in {watch.Elapsed.TotalSeconds:f0} s, peak RSS of the compiler {ProcessMemory.PeakResident / 1e9:f2} GB"));
            var where = firstLayer == 0 ? "all layers" : Line($"top {layers - firstLayer} layers");
            var bytes = compiled.Manifest.Files.Sum(file => file.Length);
            foreach (var prepack in new[] { false, true })
                foreach (var count in new[] { 0, directions })
                {
                    var cost = BillionCost.FromJson(ChildProcess.Run(arguments, Child, new BillionDevice(folder, count, tokens, prepack).ToJson()));
                    var (forward, direction) = count == 0 ? (Line($"{cost.Seconds:f2}"), "") : ("", Line($"{cost.Seconds / count:f2}"));
                    Console.WriteLine(Line($"| {where} | {cost.Dimension} | {bytes / 1e9:f2} | {(count == 0 ? "inference" : "directional derivatives")} | {(prepack ? "yes" : "no")} | {cost.PeakResident / 1e9:f2} | {cost.PeakAnonymous / 1e9:f2} | {cost.FirstSeconds:f1} | {forward} | {direction} |"));
                }
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
