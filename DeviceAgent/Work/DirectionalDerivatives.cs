using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>
/// K directional derivatives of a batch's objective (<see cref="TaskEvaluation.Objective"/>), by the estimator the job asks for.
/// </summary>
internal static class DirectionalDerivatives
{
    public static (float[] Scalars, TaskEvaluation Head) Measure(
        TrainingContext context, IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, CancellationToken cancellation)
        => context.Options.Estimator switch
        {
            EstimatorKind.Jvp => Jvp(runtime, heads, batch, snapshot, directions, cancellation),
            EstimatorKind.Oracle or EstimatorKind.CentralLimit => Oracle(context, runtime, heads, batch, snapshot, directions, cancellation),
            EstimatorKind.Exact => throw new ArgumentException("This job has no probes, only exact gradients; its orders for probes are not meant for it."),
            _ => Differences(context.Options, runtime, heads, batch, snapshot, directions, cancellation),
        };

    private static (float[] Scalars, TaskEvaluation Head) Jvp(
        IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, CancellationToken cancellation)
    {
        var run = runtime.Jvp(batch.Examples.Sequences, snapshot.Theta, directions.Adapter, cancellation);
        var evaluation = heads.Evaluate(snapshot.Head, run.Features, batch);
        var headGradient = directions.Head.Length == 0 ? [] : evaluation.HeadGradient();
        var scalars = new float[directions.Count];
        var size = run.Features.Length;
        for (var k = 0; k < scalars.Length; k++)
            scalars[k] = (float)(evaluation.Slope(run.Tangents.AsSpan(k * size, size)) + (Dot(headGradient, directions.HeadPart(k)) / batch.Examples.Count));
        return (scalars, evaluation);
    }

    private static (float[] Scalars, TaskEvaluation Head) Oracle(
        TrainingContext context, IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, CancellationToken cancellation)
    {
        var (gradient, evaluation) = BatchGradient.Measure(context, runtime, heads, batch, snapshot, cancellation);
        var scalars = new float[directions.Count];
        for (var k = 0; k < scalars.Length; k++)
            scalars[k] = (float)(Dot(gradient, directions.AdapterPart(k)) + Dot(gradient.AsSpan(directions.AdapterPart(k).Length), directions.HeadPart(k)));
        return (scalars, evaluation);
    }

    private static (float[] Scalars, TaskEvaluation Head) Differences(
        AlgorithmOptions options, IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, CancellationToken cancellation)
    {
        var central = options.Estimator == EstimatorKind.Central;
        var texts = batch.Examples.Sequences;
        TaskEvaluation? primal = null;
        // Central differences of the plain loss need no primal pass, and the published count has none.
        if (central && batch.HasFixedResiduals) primal = heads.Evaluate(snapshot.Head, runtime.Features(texts, snapshot.Theta, cancellation), batch);
        var slopes = central
            ? FiniteDifferences.Central(runtime, texts, snapshot.Theta, directions.Adapter, options.Epsilon, Loss, cancellation)
            : FiniteDifferences.OneSided(runtime, texts, snapshot.Theta, directions.Adapter, options.Epsilon, Loss, cancellation);
        return (Array.ConvertAll(slopes, slope => (float)slope), primal!);

        // The head moves along with the adapter where it is probed. Without a primal, the first shifted batch reports the loss.
        double Loss(float[] features, int k, double step)
        {
            var evaluation = heads.Evaluate(k < 0 ? snapshot.Head : Moved(snapshot.Head, directions.HeadPart(k), step), features, batch);
            return (primal ??= evaluation).Objective(evaluation);
        }
    }

    private static float[] Moved(float[] from, ReadOnlySpan<float> direction, double epsilon)
    {
        if (direction.IsEmpty) return from;
        var to = new float[from.Length];
        for (var i = 0; i < to.Length; i++) to[i] = (float)(from[i] + (epsilon * direction[i]));
        return to;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < b.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
