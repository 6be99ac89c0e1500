using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>The gradient of a batch's objective (<see cref="TaskEvaluation.Objective"/>) by backpropagation.</summary>
internal static class BatchGradient
{
    /// <summary>By the parameters themselves: the adapter's, then the head's where probes train it [D].</summary>
    public static (double[] Gradient, TaskEvaluation Head) Measure(
        TrainingContext context, IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var features = runtime.Features(batch.Examples.Sequences, snapshot.Theta, cancellation);
        var evaluation = heads.Evaluate(snapshot.Head, features, batch);
        var adapter = runtime.Vjp(batch.Examples.Sequences, snapshot.Theta, evaluation.Cotangents(), cancellation);
        var gradient = new double[context.ProbedDimension];
        for (var i = 0; i < adapter.Length; i++) gradient[i] = adapter[i];
        if (!context.Options.HeadInTheta) return (gradient, evaluation);
        var head = evaluation.HeadGradient();
        for (var i = 0; i < head.Length; i++) gradient[adapter.Length + i] = head[i] / batch.Examples.Count;
        return (gradient, evaluation);
    }

    /// <summary>The same by scaled coordinates [D]: a parameter's change is the coordinate's times its block's scale; the head has none.</summary>
    public static double[] Scale(TrainingContext context, ModelSnapshot snapshot, double[] gradient)
    {
        var scaled = (double[])gradient.Clone();
        for (var b = 0; b < context.Layout.Blocks.Count; b++)
        {
            var block = context.Layout.Blocks[b];
            for (var i = block.Offset; i < block.Offset + block.Length; i++) scaled[i] *= snapshot.BlockScale[b];
        }

        return scaled;
    }
}
