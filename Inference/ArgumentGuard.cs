using System.Numerics.Tensors;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Inference;

/// <summary>Checks everything that reaches a session: ONNX Runtime reads ids as addresses and lets NaN through.</summary>
internal static class ArgumentGuard
{
    public static void Batch(IReadOnlyList<TokenSequence> batch, CompiledModel model)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Count == 0)
            throw new ArgumentException("The batch is empty; give at least one sequence.", nameof(batch));
        var config = model.Manifest.Config;
        for (var index = 0; index < batch.Count; index++)
        {
            var sequence = batch[index];
            if (sequence?.Ids is null)
                throw new ArgumentException($"Sequence {index} of the batch is null.", nameof(batch));
            if (sequence.Length < 1 || sequence.Length > config.MaxPositions)
                throw new ArgumentException($"Sequence {index} has {sequence.Length} tokens; the model takes 1 to {config.MaxPositions}. Truncate it when tokenising.", nameof(batch));
            Ids(sequence.Ids, config.VocabularySize, index, "token id", "vocabulary");
            if (sequence.TypeIds is null)
                continue;
            if (sequence.TypeIds.Length != sequence.Length)
                throw new ArgumentException($"Sequence {index} has {sequence.Length} token ids but {sequence.TypeIds.Length} segment ids; give as many, or null.", nameof(batch));
            // A model without segments reads none; a tokeniser may still say that all is one.
            Ids(sequence.TypeIds, Math.Max(config.TypeVocabularySize, 1), index, "segment id", "segment table");
        }
    }

    public static void Vector(ReadOnlySpan<float> values, long expected, string name, string what)
    {
        if (values.Length != expected)
            throw new ArgumentException($"{what} has {values.Length} values; expected {expected}.", name);
        var bad = FirstNotFinite(values);
        if (bad >= 0)
            throw new ArgumentException($"{what} has the value {values[bad]} at index {bad}; every value must be finite.", name);
    }

    /// <summary>Refuses a result that holds infinities or NaN.</summary>
    public static float[] Finite(float[] values, string graph)
    {
        if (FirstNotFinite(values) >= 0)
            throw new InferenceException($"The {graph} graph returned values that are not finite; θ or its directions are too large (has training diverged?).");
        return values;
    }

    private static int FirstNotFinite(ReadOnlySpan<float> values)
    {
        // The largest magnitude is NaN or infinite exactly when one of the values is.
        if (values.IsEmpty || float.IsFinite(TensorPrimitives.MaxMagnitude(values)))
            return -1;
        for (var index = 0; index < values.Length; index++)
            if (!float.IsFinite(values[index]))
                return index;
        return -1;
    }

    private static void Ids(int[] ids, int size, int sequence, string what, string table)
    {
        for (var position = 0; position < ids.Length; position++)
            if ((uint)ids[position] >= (uint)size)
                throw new ArgumentException($"Sequence {sequence} has {what} {ids[position]} at position {position}; the {table} has {size} entries. Was the text tokenised for another model?", "batch");
    }
}
