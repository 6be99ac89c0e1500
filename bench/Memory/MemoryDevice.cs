using System.Text.Json;
using FwdLLM.Bench.Measuring;
using FwdLLM.Inference;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Bench.Memory;

/// <summary>One device in a process of its own.</summary>
/// <param name="Folder">Compiled model.</param>
/// <param name="Role">Inference, directional derivatives beside it, or the backpropagated gradient beside it.</param>
internal sealed record MemoryDevice(string Folder, MemoryRole Role)
{
    public const int Texts = 8, Tokens = 64, Directions = 8;

    public static MemoryDevice FromJson(string json) => JsonSerializer.Deserialize<MemoryDevice>(json) ?? throw new ArgumentException("The device's description is null.", nameof(json));

    public string ToJson() => JsonSerializer.Serialize(this);

    /// <summary>Runs in this process.</summary>
    public MemoryCost Measure()
    {
        using var memory = ProcessMemory.Watch();
        var model = CompiledModel.Open(Folder);
        using var runtime = ModelRuntime.Open(model);
        var batch = Batch(model);
        var theta = Values(runtime.Dimension, 0.01f, 1);
        var features = runtime.Features(batch, theta);
        if (Role == MemoryRole.ForwardGradient)
            runtime.Jvp(batch, theta, Signs(Directions * runtime.Dimension));
        else if (Role == MemoryRole.Backpropagation)
            runtime.Vjp(batch, theta, Values(features.Length, 1, 3));
        return new MemoryCost(ProcessMemory.PeakResident, memory.PeakAnonymous);
    }

    public static TokenSequence[] Batch(CompiledModel model)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, Texts).Select(_ => new TokenSequence([.. Enumerable.Range(0, Tokens).Select(_ => 2 + random.Next(model.Manifest.Config.VocabularySize - 2))]))]; // 0 and 1 are padding somewhere
    }

    public static float[] Values(int count, float bound, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * bound)];
    }

    public static float[] Signs(int count) => Array.ConvertAll(Values(count, 1, 9), value => value < 0 ? -1f : 1f);
}
