using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Modeling.Graphs;

/// <summary>An encoder with random weights: 2 layers, width 16, 2 heads.</summary>
internal sealed class RandomBert : ITensorSource
{
    public static readonly ModelConfig Config = new("bert", 16, 2, 2, 24, 30, 20, 2, 1e-12, "gelu");

    public static readonly AdapterSpec Spec = AdapterSpec.Default with { Rank = 3 };

    private readonly Dictionary<string, int[]> _shapes = KnownArchitectures.RequiredTensors(Config).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);

    /// <summary>A tensor that is missing, to make compilation fail half-way.</summary>
    public string? Missing { get; init; }

    public static ModelSource Source(string? missing = null) => new(Config, PoolingKind.Mean, new RandomBert { Missing = missing }, "random", []);

    public bool Contains(string name) => name != Missing && _shapes.ContainsKey(name);

    public IReadOnlyList<int> Shape(string name) => _shapes[name];

    public float[] ReadFloat32(string name)
    {
        if (!Contains(name))
            throw new CheckpointException($"no {name}");
        var random = new Random(name.Length);
        return [.. Enumerable.Range(0, _shapes[name].Aggregate(1, (product, size) => product * size)).Select(_ => random.NextSingle() - 0.5f)];
    }
}
