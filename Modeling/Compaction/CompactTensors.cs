using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Compaction;

/// <summary>The tensors of a compact model: embeddings and linear weights as INT8 with a scale per row, everything else F32.</summary>
internal static class CompactTensors
{
    /// <summary>More positions than this are dropped: no task here reads longer sequences.</summary>
    public const int MaxPositions = 512;

    public static IEnumerable<SafetensorsTensor> Create(Checkpoint source, int[] keptIds)
    {
        var architecture = KnownArchitectures.Get(source.Config.Architecture);
        foreach (var (name, isQuantised) in Tensors(source, architecture))
        {
            var shape = source.Shape(name).ToArray();
            var values = source.ReadFloat32(name);
            var bad = Array.FindIndex(values, value => !float.IsFinite(value));
            if (bad >= 0)
                throw new CheckpointException($"{source.Location}: tensor '{name}' holds {values[bad]} at element {bad}; a damaged checkpoint cannot be compacted. Download it again.");
            if (name == architecture.WordEmbeddings)
                (values, shape[0]) = (SelectRows(values, keptIds, shape[1]), keptIds.Length);
            else if (name == architecture.PositionEmbeddings && shape[0] > MaxPositions)
                (values, shape[0]) = (values[..(MaxPositions * shape[1])], MaxPositions);
            if (!isQuantised)
            {
                yield return SafetensorsTensor.Float32(name, shape, values);
                continue;
            }

            var (integers, scales) = RowQuantizer.Quantize(values, shape[0]);
            yield return SafetensorsTensor.Int8(name, shape, integers);
            yield return SafetensorsTensor.Float32(name + NormalizedNames.ScaleSuffix, [shape[0]], scales);
        }
    }

    // What the model needs and the heads it has; the layers before the classifier only where they are used.
    private static IEnumerable<(string Name, bool IsQuantised)> Tensors(Checkpoint source, Architecture architecture)
    {
        var features = source.Pooling == PoolingKind.Pooler ? architecture.FeatureLayers(source.Config).SelectMany(ModelTensor.Linear) : [];
        foreach (var tensor in architecture.Required(source.Config).Concat(features))
            yield return (tensor.Name, tensor.Role == TensorRole.Linear || tensor.Name == architecture.WordEmbeddings || tensor.Name == architecture.PositionEmbeddings);
        // Heads, as segment embeddings, are a few rows: not worth the rounding.
        foreach (var head in architecture.Heads(source.Config).Where(head => source.Contains(head.Module + ".weight")))
            foreach (var tensor in ModelTensor.Linear(head))
                yield return (tensor.Name, false);
    }

    private static float[] SelectRows(float[] values, int[] rows, int columns)
    {
        var selected = new float[rows.Length * columns];
        for (var row = 0; row < rows.Length; row++)
            values.AsSpan(rows[row] * columns, columns).CopyTo(selected.AsSpan(row * columns));
        return selected;
    }
}
