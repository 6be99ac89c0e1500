using FwdLLM.DeviceAgent.Work;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Profiling;

/// <summary>The head at its optimum on all examples, the adapter at its start: where a job begins to probe.</summary>
/// <param name="State">The trainer's state after the fit; its θ and block scales are those of the adapter the fit was made with.</param>
/// <param name="Head">The head.</param>
/// <param name="Residuals">softmax − onehot of every example [N, C].</param>
/// <param name="Probabilities">softmax of every example [N, C].</param>
public sealed record FittedHead(ModelState State, SoftmaxHead Head, double[] Residuals, double[] Probabilities)
{
    /// <summary>Fits it as a job does, by the trainer's own stages with all examples on one device.</summary>
    /// <param name="context">Recipe, and the sizes of <paramref name="runtime"/>.</param>
    /// <param name="runtime">Any adapter of the model; gives features under its start.</param>
    /// <param name="pool">Examples.</param>
    /// <param name="cancellation">Stops it.</param>
    public static FittedHead Fit(TrainingContext context, StartFeatures runtime, PublicExamples pool, CancellationToken cancellation)
    {
        context = new TrainingContext(context.Options with { HeadFirst = true, HeadInTheta = false, BlockScaling = false }, context.Layout, context.FeatureSize, context.Classes);
        var (trainer, device) = (new Trainer(context), new DeviceWorker(context, runtime, pool.Examples));
        var state = trainer.Initial();
        while (trainer.Plan(state) is { Kind: WorkKind.FeatureStatistics or WorkKind.HeadGradient } plan)
        {
            var order = new WorkOrder { Kind = plan.Kind, Round = plan.Round, Slot = 0, BatchSize = plan.BatchSize };
            var work = new CompletedWork(order, device.Execute(order, trainer.Snapshot(state), cancellation));
            state = trainer.Step(state, plan, trainer.Reduce(state, plan, [work]));
        }

        var head = new SoftmaxHead(pool.Classes, state.FeatureMean, state.FeatureScale, state.Head);
        var logits = head.Logits(runtime.Features(pool.Examples.Sequences, context.InitialTheta(), cancellation));
        return new FittedHead(state, head, SoftmaxLoss.Residuals(logits, pool.Examples.Classes(), pool.Classes), SoftmaxLoss.Probabilities(logits, pool.Classes));
    }
}
