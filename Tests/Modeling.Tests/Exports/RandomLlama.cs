using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Modeling.Exports;

/// <summary>A decoder with random weights: 2 layers, width 32, 4 query heads of 8, 2 key heads.</summary>
internal sealed class RandomLlama : ITensorSource
{
    public static readonly ModelConfig Config = new("llama", 32, 2, 4, 64, 20, 40, 0, 1e-5, "silu") { KeyValueHeads = 2, Rotary = new RotaryConfig(10_000), TiedOutput = true };

    private readonly Dictionary<string, int[]> _shapes = KnownArchitectures.RequiredTensors(Config).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);

    public static ModelSource Source => new(Config, PoolingKind.Pooler, new RandomLlama(), "random llama", []);

    public bool Contains(string name) => _shapes.ContainsKey(name);

    public IReadOnlyList<int> Shape(string name) => _shapes[name];

    public float[] ReadFloat32(string name) => Values(_shapes[name].Aggregate(1, (product, size) => product * size), name.Length);

    /// <summary>Values in ±½.</summary>
    public static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
