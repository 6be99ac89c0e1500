using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Compaction;

/// <summary>The tensors of a compact model: embeddings and linear weights as INT8 with a scale per row, everything else F32.</summary>
internal static class CompactTensors
{
    /// <summary>More positions than this are dropped: no task here reads longer sequences.</summary>
    public const int MaxPositions = 512;

    public static IEnumerable<SafetensorsTensor> Create(Checkpoint source, int[] keptIds)
    {
        foreach (var name in Names(source))
        {
            var shape = source.Shape(name).ToArray();
            var values = source.ReadFloat32(name);
            var bad = Array.FindIndex(values, value => !float.IsFinite(value));
            if (bad >= 0)
                throw new CheckpointException($"{source.Folder}: tensor '{name}' holds {values[bad]} at element {bad}; a damaged checkpoint cannot be compacted. Download it again.");
            if (name == BertTensors.WordEmbeddings)
                (values, shape[0]) = (SelectRows(values, keptIds, shape[1]), keptIds.Length);
            else if (name == BertTensors.PositionEmbeddings && shape[0] > MaxPositions)
                (values, shape[0]) = (values[..(MaxPositions * shape[1])], MaxPositions);
            if (!IsQuantised(name))
            {
                yield return SafetensorsTensor.Float32(name, shape, values);
                continue;
            }

            var (integers, scales) = RowQuantizer.Quantize(values, shape[0]);
            yield return SafetensorsTensor.Int8(name, shape, integers);
            yield return SafetensorsTensor.Float32(name + NormalizedNames.ScaleSuffix, [shape[0]], scales);
        }
    }

    // What the encoder needs and the heads it has; the pooler only where it is used.
    private static IEnumerable<string> Names(Checkpoint source)
    {
        var optional = BertTensors.Optional(source.Config)
            .Where(layer => source.Contains(layer.Weight) && (layer.Weight != BertTensors.PoolerWeight || source.Pooling == PoolingKind.Pooler))
            .SelectMany(layer => new[] { layer.Weight, layer.Bias });
        return BertTensors.Required(source.Config).Select(tensor => tensor.Name).Concat(optional);
    }

    // Segment embeddings and heads are a few rows: not worth the rounding.
    private static bool IsQuantised(string name) =>
        name is BertTensors.WordEmbeddings or BertTensors.PositionEmbeddings or BertTensors.PoolerWeight
        || (name.StartsWith("encoder.", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal) && !name.Contains("LayerNorm", StringComparison.Ordinal));

    private static float[] SelectRows(float[] values, int[] rows, int columns)
    {
        var selected = new float[rows.Length * columns];
        for (var row = 0; row < rows.Length; row++)
            values.AsSpan(rows[row] * columns, columns).CopyTo(selected.AsSpan(row * columns));
        return selected;
    }
}
