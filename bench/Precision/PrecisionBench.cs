using System.Diagnostics;
using System.Globalization;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Inference;
using FwdLLM.Inference.Admission;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Bench;

/// <summary>
/// What each weight format makes of a model: its size, the time of a forward pass and of a directional derivative, and the cosine
/// of its directional derivatives with float32's. Formats take turns inside every round, so that drift of the machine cancels.
/// </summary>
internal static class PrecisionBench
{
    private const int Texts = 8, Tokens = 64, Directions = 8, AdmissionTexts = 16;

    public const string Options = """
          --model DIR  Checkpoint folder. Default: all-MiniLM-L6-v2 of the reference data, otherwise the model of this repository.
        """;

    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("model");
        var reference = Path.Combine(arguments.Shared, "models", "all-MiniLM-L6-v2");
        var path = arguments.Has("model") ? arguments.Get("model", "") : Directory.Exists(reference) ? reference : BundledAssets.Installed.Model;
        if (path is null || BundledAssets.Installed.Train is not { } data)
        {
            Console.WriteLine("precision: skipped: this build has no model or no data of its own.");
            return 0;
        }

        using var checkpoint = Checkpoint.Open(path);
        var tokenizer = WordPieceTokenizer.Load(path);
        TokenSequence[] texts = [.. DataReader.Read(data, new DataReadOptions()).Rows.Take(AdmissionTexts).Select(row => new TokenSequence(tokenizer.Encode(row.Text, Tokens)))];
        var folder = Directory.CreateTempSubdirectory("fwdllm-bench-precision-").FullName;
        try
        {
            Measure(ModelSource.From(checkpoint), texts, folder, arguments.Short);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static void Measure(ModelSource source, TokenSequence[] texts, string folder, bool isShort)
    {
        var compiler = new VariantCompiler(source, AdapterSpec.Default);
        var options = new AdmissionOptions { Directions = isShort ? 8 : 64 };
        var test = new AdmissionTest(compiler, texts, folder, options);
        PrecisionSpec[] precisions = [.. WeightFormats.Known.Select(name => new PrecisionSpec(name, [])), new(WeightFormats.Int8, ["output"])];
        var int8 = Array.FindIndex(precisions, precision => precision.Format == WeightFormats.Int8);
        var variants = precisions.Select((precision, index) => new Variant(precision, compiler.Compile(precision, Path.Combine(folder, $"{index}"), withVjp: false))).ToList();
        variants.Add(new Variant(precisions[int8], variants[int8].Model, new RuntimeOptions { UnsignedWeights = !IntegerKernels.SignedWeightsSaturate }));
        try
        {
            var rounds = isShort ? 1 : 12;
            // The first turn of all loads the sessions and is not counted.
            for (var round = -1; round < rounds; round++)
                foreach (var variant in variants)
                    variant.Turn(isCounted: round >= 0);
            var plain = variants[0].Forward.Min();
            Console.WriteLine(Line($"{Texts} × {Tokens} tokens, 1 thread, {rounds} rounds, times are minima; cosine over {options.Directions} directions and {texts.Length} texts of the embedded data set."));
            Console.WriteLine();
            Console.WriteLine("| weights | MB | forward ms | against float32 | direction ms (K = 8) | in own forwards | in float32 forwards | cosine | asked for |");
            Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
            foreach (var variant in variants)
            {
                var (name, forward, direction) = (variant.Precision.Format, variant.Forward.Min(), variant.Direction.Min());
                var kept = variant.Precision.KeepFloat.Count > 0 ? ", float32: " + string.Join(", ", variant.Precision.KeepFloat) : "";
                // The test opens a model as this CPU would; the other form has the same bits.
                var cosine = variant.Form.Length > 0 ? "" : Line($"{test.Cosine(variant.Model):f4}");
                var asked = name == WeightFormats.Float32 || variant.Form.Length > 0 ? "" : Line($"{WeightFormats.AdmissionThreshold(name):f2}");
                Console.WriteLine(Line($"| {name}{kept}{variant.Form} | {variant.Bytes / 1e6:f1} | {forward:f1} | {forward / plain:f2} | {direction:f1} | {direction / forward:f2} | {direction / plain:f2} | {cosine} | {asked} |"));
            }
        }
        finally
        {
            variants.ForEach(variant => variant.Dispose());
        }

        Blame(test, isShort);
    }

    private static void Blame(AdmissionTest test, bool isShort)
    {
        if (isShort)
            return;
        Console.WriteLine();
        Console.WriteLine("The ten dearest layers, quantised alone:");
        Console.WriteLine();
        foreach (var name in new[] { WeightFormats.Int8, WeightFormats.Int4 })
            Console.WriteLine($"- {name}: {string.Join(", ", test.Blame(new PrecisionSpec(name, [])).Take(10).Select(layer => Line($"{layer.Module} {layer.Cost:f4}")))}");
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Variant(PrecisionSpec precision, CompiledModel model, RuntimeOptions? otherForm = null) : IDisposable
    {
        private readonly ModelRuntime _runtime = ModelRuntime.Open(model, otherForm);
        private readonly TokenSequence[] _batch = Batch(model.Manifest.Config.VocabularySize);
        private readonly float[] _theta = Values(model.Layout.Dimension, 1, 0.1f);
        private readonly float[] _directions = Array.ConvertAll(Values(Directions * model.Layout.Dimension, 9, 1), value => value < 0 ? -1f : 1f);

        public PrecisionSpec Precision => precision;

        public CompiledModel Model => model;

        /// <summary>Named where it is not the form that this CPU would be given.</summary>
        public string Form => otherForm is null ? "" : otherForm.UnsignedWeights ? ", unsigned weights" : ", signed weights";

        public long Bytes => model.Manifest.Files.Sum(file => file.Length);

        public List<double> Forward { get; } = [];

        public List<double> Direction { get; } = [];

        public void Turn(bool isCounted)
        {
            var watch = Stopwatch.StartNew();
            _runtime.Features(_batch, _theta);
            var forward = watch.Elapsed.TotalMilliseconds;
            watch.Restart();
            _runtime.Jvp(_batch, _theta, _directions);
            if (!isCounted)
                return;
            Forward.Add(forward);
            Direction.Add(watch.Elapsed.TotalMilliseconds / Directions);
        }

        public void Dispose() => _runtime.Dispose();

        private static TokenSequence[] Batch(int vocabulary)
        {
            var random = new Random(5);
            return [.. Enumerable.Range(0, Texts).Select(_ => new TokenSequence([.. Enumerable.Range(0, Tokens).Select(_ => random.Next(vocabulary))]))];
        }

        private static float[] Values(int count, int seed, float bound)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * bound)];
        }
    }
}
