using System.Buffers.Binary;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>Bounds a contribution must keep before anything in it is parsed; what it says is judged by <see cref="Trainer.Refuse"/>.</summary>
public static class ContributionGuard
{
    /// <summary>Most bytes one number of a packed vector takes, and room for its header.</summary>
    private const int VectorBytesPerValue = 8, VectorHeader = 4096;

    /// <summary>Null, or the field, its value and its bound.</summary>
    public static string? Refuse(Assignment assignment, Contribution contribution, TrainingContext context)
    {
        if (contribution.Round != assignment.Round || contribution.Wave != assignment.Wave)
            return $"It answers round {contribution.Round} wave {contribution.Wave}; the work was round {assignment.Round} wave {assignment.Wave}.";
        if (contribution.ModelVersion != assignment.ModelVersion)
            return $"It was made on model version {contribution.ModelVersion}; the work is on version {assignment.ModelVersion}.";
        if (contribution.Scalars.Length != (long)sizeof(float) * assignment.ProbeCount)
            return $"Its scalars are {contribution.Scalars.Length} bytes; {assignment.ProbeCount} probes take {(long)sizeof(float) * assignment.ProbeCount}.";

        // The widest vectors: sums of features and of their squares, or a gradient of the head or of a batch.
        var values = Math.Max(Math.Max(2L * context.FeatureSize, (long)context.Classes * (context.FeatureSize + 1)), context.ProbedDimension);
        var bound = values * VectorBytesPerValue + VectorHeader;
        if (contribution.Vector.Length > bound) return $"Its vector is {contribution.Vector.Length} bytes; at most {bound} are taken for this model.";
        if (!float.IsFinite(contribution.LossSum)) return $"Its loss is {contribution.LossSum}; give a finite number.";
        for (var k = 0; k < assignment.ProbeCount; k++)
        {
            var scalar = BinaryPrimitives.ReadSingleLittleEndian(contribution.Scalars.AsSpan(k * sizeof(float)));
            if (!float.IsFinite(scalar)) return $"Its scalar {k} is {scalar}; give finite numbers.";
        }

        return null;
    }
}
