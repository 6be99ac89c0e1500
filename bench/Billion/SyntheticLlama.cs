using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using FwdLLM.Learning.Random;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Bench.Billion;

/// <summary>
/// A LLaMA without a file: every tensor is made when the compiler asks for it, so that no more than one is ever in memory. Linear
/// weights come as 4-bit blocks of 32 with one scale and no zero point, as GGUF's Q4_0. Equal seeds give equal tensors.
/// </summary>
internal sealed class SyntheticLlama(ModelConfig config, ulong seed) : ITensorSource, IBlockSource
{
    // Of the size that trained weights of this width have.
    private const float Deviation = 0.02f;
    private const float BlockDeviation = 4.61f; // of a number drawn from 0 to 15

    private readonly Dictionary<string, int[]> _shapes = KnownArchitectures.RequiredTensors(config).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape, StringComparer.Ordinal);

    /// <summary>LLaMA-7B with other layers or another vocabulary.</summary>
    public static ModelConfig SevenBillion(int layers, int vocabulary) => new(
        "llama", HiddenSize: 4096, Layers: layers, Heads: 32, IntermediateSize: 11_008, VocabularySize: vocabulary, MaxPositions: 2048, TypeVocabularySize: 0, NormEpsilon: 1e-6, HiddenActivation: "silu")
    {
        Rotary = new RotaryConfig(10_000),
        TiedOutput = false,
    };

    /// <summary>Elements of all tensors.</summary>
    public long Parameters => _shapes.Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>What the compiler takes.</summary>
    public ModelSource Source()
    {
        var identity = string.Create(CultureInfo.InvariantCulture, $"synthetic {config.Layers} {config.VocabularySize} {seed}");
        return new ModelSource(config, PoolingKind.Pooler, this, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity))), []);
    }

    public bool Contains(string name) => _shapes.ContainsKey(name);

    public IReadOnlyList<int> Shape(string name) => _shapes[name];

    public float[] ReadFloat32(string name)
    {
        var shape = _shapes[name];
        if (shape.Length == 1)
            return [.. Enumerable.Repeat(1f, shape[0])];
        var values = new float[shape[0] * shape[1]];
        Fill(name, values, Deviation * MathF.Sqrt(3));
        return values;
    }

    public BlockWeights? ReadBlocks(string name)
    {
        var shape = _shapes[name];
        if (shape.Length == 1)
            return null;
        var blocks = shape[0] * (shape[1] / BlockWeights.BlockSize);
        var values = new byte[blocks * BlockWeights.BlockSize / 2];
        ChaCha8.Blocks(StreamKey.FromSeed(seed, name), default, 0, MemoryMarshal.Cast<byte, uint>(values.AsSpan()));
        var scales = new float[blocks];
        Fill(name + ".scale", scales, 0.25f);
        for (var index = 0; index < blocks; index++)
            scales[index] = Deviation / BlockDeviation * (1 + scales[index]);
        return new BlockWeights(4, shape[0], shape[1], values, scales);
    }

    private void Fill(string name, float[] values, float bound)
    {
        var random = new CounterRandom(StreamKey.FromSeed(seed, name), default);
        for (var index = 0; index < values.Length; index++)
            values[index] = random.NextUniform(bound);
    }
}
