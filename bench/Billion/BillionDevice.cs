using System.Diagnostics;
using System.Text.Json;
using FwdLLM.Bench.Measuring;
using FwdLLM.Inference;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Bench.Billion;

/// <summary>One device with the big model, in a process of its own.</summary>
/// <param name="Folder">Compiled model.</param>
/// <param name="Directions">K; 0 for inference only.</param>
/// <param name="Tokens">Tokens of the one text.</param>
/// <param name="Prepack">As <see cref="RuntimeOptions.Prepack"/>.</param>
internal sealed record BillionDevice(string Folder, int Directions, int Tokens, bool Prepack)
{
    private const int Repeats = 2;

    public static BillionDevice FromJson(string json) => JsonSerializer.Deserialize<BillionDevice>(json) ?? throw new ArgumentException("The device's description is null.", nameof(json));

    public string ToJson() => JsonSerializer.Serialize(this);

    /// <summary>Runs in this process. The first call, which reads the file and builds the sessions, is not in the seconds.</summary>
    public BillionCost Measure()
    {
        using var memory = ProcessMemory.Watch();
        var model = CompiledModel.Open(Folder);
        using var runtime = ModelRuntime.Open(model, new RuntimeOptions { AllowVjp = false, Prepack = Prepack });
        var random = new Random(5);
        TokenSequence[] text = [new([.. Enumerable.Range(0, Tokens).Select(_ => random.Next(model.Manifest.Config.VocabularySize))])];
        var theta = new float[runtime.Dimension];
        for (var index = 0; index < theta.Length; index++)
            theta[index] = (random.NextSingle() * 2 - 1) * 0.01f;
        var directions = new float[Directions * runtime.Dimension];
        for (var index = 0; index < directions.Length; index++)
            directions[index] = random.Next(2) * 2 - 1;
        var (first, least) = (0.0, double.PositiveInfinity);
        for (var run = 0; run <= Repeats; run++)
        {
            var watch = Stopwatch.StartNew();
            if (Directions == 0)
                runtime.Features(text, theta);
            else
                runtime.Jvp(text, theta, directions);
            if (run == 0)
                first = watch.Elapsed.TotalSeconds;
            else
                least = Math.Min(least, watch.Elapsed.TotalSeconds);
        }

        return new BillionCost(runtime.Dimension, first, least, ProcessMemory.PeakResident, memory.PeakAnonymous);
    }
}
