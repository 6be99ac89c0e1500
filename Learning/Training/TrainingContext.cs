using System.Buffers.Binary;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.Learning.Training;

/// <summary>What does not change during a job.</summary>
/// <param name="Options">Recipe.</param>
/// <param name="Layout">Blocks of the adapter compiled into the model.</param>
/// <param name="FeatureSize">H.</param>
/// <param name="Classes">C, outputs of the head: see <see cref="TaskKinds.Outputs"/>.</param>
public sealed record TrainingContext(AlgorithmOptions Options, AdapterLayout Layout, int FeatureSize, int Classes)
{
    /// <summary>What is taught.</summary>
    public TaskKind Task { get; init; } = TaskKind.Classification;

    /// <summary>The head at version 0, weights [C, H] and biases [C] on raw features; empty for the recipe's own.</summary>
    public float[] StartHead { get; init; } = [];

    /// <summary>Length of the head: C·H weights and C biases. 0 where the head is the model's own and stays as it is.</summary>
    public int HeadLength => checked((Classes * FeatureSize) + Classes);

    /// <summary>D, the length of a direction: d, and the head's length when probes train the head too.</summary>
    public int ProbedDimension => checked(Layout.Dimension + (Options.HeadInTheta ? HeadLength : 0));

    /// <summary>The blocks of a direction: the adapter's, then the head's weights and biases when probes train them.</summary>
    public IReadOnlyList<AdapterBlock> ProbedBlocks { get; } = !Options.HeadInTheta
        ? Layout.Blocks
        : [.. Layout.Blocks,
           new AdapterBlock("head.weight", Layout.Dimension, Classes * FeatureSize, 0.02f),
           new AdapterBlock("head.bias", Layout.Dimension + (Classes * FeatureSize), Classes, 0)];

    /// <summary>What is wrong with task, sizes or options, each with what to do; empty when a job can start.</summary>
    public IEnumerable<string> Problems()
    {
        if (FeatureSize < 1 || (Task != TaskKind.CausalLanguageModel && Classes < 2))
            yield return $"A head from {FeatureSize} features to {Classes} classes is impossible; give at least 1 feature and 2 classes.";
        if (StartHead.Length != 0 && StartHead.Length != HeadLength)
            yield return $"The first head has {StartHead.Length} numbers, but {Classes} outputs of {FeatureSize} features take {HeadLength}; make it for this model.";
        foreach (var problem in Task.Problems(Options)) yield return problem;
    }

    /// <summary>A head from little-endian float32 numbers; bytes that are no whole number of them are left out.</summary>
    public static float[] ReadHead(ReadOnlySpan<byte> bytes)
    {
        var head = new float[bytes.Length / sizeof(float)];
        for (var i = 0; i < head.Length; i++) head[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
        return head;
    }

    /// <summary>Key of one kind of random choice in this job.</summary>
    public StreamKey Key(string purpose) => StreamKey.FromSeed(Options.Seed, purpose);

    /// <summary>θ of version 0 [d], from the job's seed and the layout's bounds.</summary>
    public float[] InitialTheta() => InitialParameters.Adapter(this);

    /// <summary>Positions of the examples a device uses in a round: a sample of its shard without replacement, the same in every wave unless the wave is given as <paramref name="draw"/>.</summary>
    public int[] Batch(uint round, uint slot, int shard, int batchSize, uint draw = 0)
    {
        if (batchSize <= 0 || batchSize >= shard) return [.. Enumerable.Range(0, shard)];
        var batch = new CounterRandom(Key("batches"), new DirectionAddress(round, slot, draw)).Sample(shard, batchSize);
        Array.Sort(batch);
        return batch;
    }
}
