using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Training;

/// <summary>What does not change during a job.</summary>
/// <param name="Options">Recipe.</param>
/// <param name="Layout">Blocks of the adapter compiled into the model.</param>
/// <param name="FeatureSize">H.</param>
/// <param name="Classes">C.</param>
public sealed record TrainingContext(AlgorithmOptions Options, AdapterLayout Layout, int FeatureSize, int Classes)
{
    /// <summary>Length of the head: C·H weights and C biases.</summary>
    public int HeadLength => checked((Classes * FeatureSize) + Classes);

    /// <summary>D, the length of a direction: d, and the head's length when probes train the head too.</summary>
    public int ProbedDimension => checked(Layout.Dimension + (Options.HeadInTheta ? HeadLength : 0));

    /// <summary>The blocks of a direction: the adapter's, then the head's weights and biases when probes train them.</summary>
    public IReadOnlyList<AdapterBlock> ProbedBlocks { get; } = !Options.HeadInTheta
        ? Layout.Blocks
        : [.. Layout.Blocks,
           new AdapterBlock("head.weight", Layout.Dimension, Classes * FeatureSize, 0.02f),
           new AdapterBlock("head.bias", Layout.Dimension + (Classes * FeatureSize), Classes, 0)];

    /// <summary>Key of one kind of random choice in this job.</summary>
    public StreamKey Key(string purpose) => StreamKey.FromSeed(Options.Seed, purpose);

    /// <summary>θ of version 0 [d], from the job's seed and the layout's bounds.</summary>
    public float[] InitialTheta() => InitialParameters.Adapter(this);

    /// <summary>Positions of the examples a device uses in a round: a sample of its shard without replacement, the same in every wave.</summary>
    public int[] Batch(uint round, uint slot, int shard, int batchSize)
    {
        if (batchSize <= 0 || batchSize >= shard) return [.. Enumerable.Range(0, shard)];
        var batch = new CounterRandom(Key("batches"), new DirectionAddress(round, slot, 0)).Sample(shard, batchSize);
        Array.Sort(batch);
        return batch;
    }
}
