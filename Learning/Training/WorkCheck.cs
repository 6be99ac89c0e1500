using FwdLLM.Learning.Estimation;

namespace FwdLLM.Learning.Training;

/// <summary>Is a result a possible answer to an order? Every bound that a broken or hostile device could break.</summary>
internal sealed class WorkCheck(TrainingContext context)
{
    private const int MostExamples = 100_000_000;
    private const float LargestScalar = 1e6f;
    private const double LargestLoss = 1e4;

    public string? Refuse(WorkOrder order, WorkResult result)
    {
        var mostExamples = order.BatchSize > 0 ? order.BatchSize : MostExamples;
        if (result.Examples < 1 || result.Examples > mostExamples)
            return $"examples is {result.Examples}; this order allows 1 to {mostExamples}";
        // An agent that was restarted passes its whole shard forward once more to weigh and centre its examples.
        var again = order.Kind is WorkKind.Probes or WorkKind.ExactGradient && (context.Options.ImportanceSampling || context.Options.CentredResiduals) ? MostExamples : 0;
        var mostForward = (3L * result.Examples * (order.ProbeCount + 1L)) + again;
        if (result.ForwardExamples < 0 || result.ForwardExamples > mostForward)
            return $"forward examples is {result.ForwardExamples}; this order allows 0 to {mostForward}";
        if (result.Correct < 0 || result.Correct > result.Examples)
            return $"correct is {result.Correct}; {result.Examples} examples allow 0 to {result.Examples}";
        if (!double.IsFinite(result.LossSum) || result.LossSum < 0 || result.LossSum > LargestLoss * result.Examples)
            return $"loss sum is {result.LossSum}; {result.Examples} examples allow 0 to {LargestLoss * result.Examples}";
        return RefuseScalars(order, result) ?? RefuseVector(order, result);
    }

    private static string? RefuseScalars(WorkOrder order, WorkResult result)
    {
        var expected = order.Kind is WorkKind.Probes or WorkKind.Curvature ? order.ProbeCount : 0;
        if (result.Scalars.Length != expected)
            return $"{result.Scalars.Length} scalars; this order asks for {expected}";
        for (var k = 0; k < result.Scalars.Length; k++)
        {
            var least = order.Kind == WorkKind.Curvature ? 0 : -LargestScalar;
            if (!(result.Scalars[k] >= least && result.Scalars[k] <= LargestScalar))
                return $"scalar {k} is {result.Scalars[k]}; allowed are finite values from {least} to {LargestScalar}";
        }

        return null;
    }

    private string? RefuseVector(WorkOrder order, WorkResult result)
    {
        var exact = order.Kind == WorkKind.ExactGradient;
        var length = exact ? context.ProbedDimension : HeadFitStage.VectorLength(context, order.Kind);
        var expected = exact ? PackedGradient.PackedLength(context.ProbedBlocks) : length == 0 ? 0 : PackedVector.PackedLength(length);
        if (result.Vector.Length != expected)
            return $"packed vector has {result.Vector.Length} bytes; this order asks for {expected}";
        if (length == 0) return null;
        try
        {
            // What passes here must fit the sums: one contribution must not be able to stop a round.
            var values = exact ? PackedGradient.Unpack(result.Vector, context.ProbedBlocks) : PackedVector.Unpack(result.Vector, length);
            var bound = exact ? LargestScalar : DenseSum.Limit;
            var beyond = Array.FindIndex(values, value => !(Math.Abs(value) <= bound));
            return beyond < 0 ? null : $"packed vector: value {beyond} is beyond ±{bound}";
        }
        catch (InvalidDataException e)
        {
            return $"packed vector: {e.Message}";
        }
    }
}
