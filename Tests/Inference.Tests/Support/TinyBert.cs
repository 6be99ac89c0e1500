using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>A small encoder with random weights, so that tests need no files: 3 layers, width 24, 3 heads.</summary>
internal sealed class TinyBert(int seed = 1) : ITensorSource
{
    public static readonly ModelConfig Config = new("bert", 24, 3, 3, 40, 50, 32, 2, 1e-12, "gelu");

    private readonly Dictionary<string, int[]> _shapes = KnownArchitectures.RequiredTensors(Config)
        .Concat([("pooler.dense.weight", [24, 24]), ("pooler.dense.bias", [24])])
        .ToDictionary(tensor => tensor.Item1, tensor => tensor.Item2);

    public bool Contains(string name) => _shapes.ContainsKey(name);

    public IReadOnlyList<int> Shape(string name) => _shapes[name];

    public float[] ReadFloat32(string name)
    {
        var random = new Random(name.Aggregate(seed, (hash, letter) => unchecked(hash * 31 + letter)));
        var values = new float[_shapes[name].Aggregate(1, (product, size) => product * size)];
        var offset = name.EndsWith("LayerNorm.weight", StringComparison.Ordinal) ? 1f : 0f;
        for (var index = 0; index < values.Length; index++)
            values[index] = offset + (random.NextSingle() - 0.5f) * 0.6f;
        return values;
    }

    public static ModelSource Source(PoolingKind pooling = PoolingKind.Mean) => new(Config, pooling, new TinyBert(), "tiny", []);

    /// <summary>Compiles and opens.</summary>
    public static ModelRuntime Open(TemporaryFolder folder, AdapterSpec spec, PoolingKind pooling = PoolingKind.Mean, RuntimeOptions? options = null) =>
        ModelRuntime.Open(ModelCompiler.Compile(Source(pooling), spec, folder.File(Guid.NewGuid().ToString("n")), withVjp: true), options);

    /// <summary>Sequences of different lengths with both segments.</summary>
    public static TokenSequence[] Batch(params int[] lengths)
    {
        var random = new Random(7);
        return [.. lengths.Select(length => new TokenSequence(
            [.. Enumerable.Range(0, length).Select(_ => random.Next(Config.VocabularySize))],
            [.. Enumerable.Range(0, length).Select(position => position > length / 2 ? 1 : 0)]))];
    }

    /// <summary>Values in ±bound.</summary>
    public static float[] Values(int count, float bound, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * bound)];
    }
}
