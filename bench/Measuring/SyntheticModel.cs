using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using FwdLLM.Learning.Random;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Bench.Measuring;

/// <summary>
/// A model without a file, for what does not depend on the values of weights: every tensor is made when the compiler asks for it, so that no more than one is ever in memory. For
/// 4-bit formats linear weights come as blocks of 32 with one scale and no zero point, as GGUF's Q4_0. Equal seeds give equal tensors.
/// </summary>
internal sealed class SyntheticModel(ModelConfig config, ulong seed) : ITensorSource, IBlockSource
{
    // Of the size that trained weights of this width have.
    private const float Deviation = 0.02f;
    private const float BlockDeviation = 4.61f; // of a number drawn from 0 to 15

    private readonly Dictionary<string, int[]> _shapes = KnownArchitectures.RequiredTensors(config).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape, StringComparer.Ordinal);

    /// <summary>Elements of all tensors.</summary>
    public long Parameters => _shapes.Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>What the compiler takes.</summary>
    public ModelSource Source(PoolingKind pooling)
    {
        var identity = string.Create(CultureInfo.InvariantCulture, $"synthetic {config} {seed}");
        return new ModelSource(config, pooling, this, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity))), []);
    }

    public bool Contains(string name) => _shapes.ContainsKey(name);

    public IReadOnlyList<int> Shape(string name) => _shapes[name];

    public float[] ReadFloat32(string name)
    {
        var shape = _shapes[name];
        if (shape.Length == 1)
            return [.. Enumerable.Repeat(name.EndsWith(".weight", StringComparison.Ordinal) ? 1f : 0f, shape[0])]; // norms and biases
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
