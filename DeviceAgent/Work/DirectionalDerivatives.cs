using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>
/// K directional derivatives of a batch's mean loss, by the estimator the job asks for. With centred or weighted residuals
/// the function differentiated is (1/n) Σ ⟨r̃ₓ, zₓ(θ)⟩ with those residuals r̃ held fixed, for every estimator alike.
/// </summary>
internal static class DirectionalDerivatives
{
    public static (float[] Scalars, HeadEvaluation Head) Measure(
        AlgorithmOptions options, IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, CancellationToken cancellation)
        => options.Estimator switch
        {
            EstimatorKind.Jvp => Jvp(runtime, heads, batch, snapshot, directions, cancellation),
            EstimatorKind.Oracle or EstimatorKind.CentralLimit => Oracle(runtime, heads, batch, snapshot, directions, cancellation),
            _ => Differences(options, runtime, heads, batch, snapshot, directions, cancellation),
        };

    private static (float[] Scalars, HeadEvaluation Head) Jvp(
        IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, CancellationToken cancellation)
    {
        var run = runtime.Jvp(batch.Examples.Sequences, snapshot.Theta, directions.Adapter, cancellation);
        var head = heads.Create(snapshot.Head);
        var evaluation = new HeadEvaluation(head, run.Features, batch.Examples.Labels);
        var residuals = evaluation.ProbeResiduals(batch);
        var headGradient = directions.Head.Length == 0 ? [] : head.Gradient(run.Features, residuals);
        var scalars = new float[directions.Count];
        var size = run.Features.Length;
        for (var k = 0; k < scalars.Length; k++)
        {
            var tangents = head.LogitTangents(run.Tangents.AsSpan(k * size, size));
            scalars[k] = (float)(SoftmaxLoss.DirectionalDerivative(residuals, tangents, head.Classes) + (Dot(headGradient, directions.HeadPart(k)) / batch.Examples.Count));
        }

        return (scalars, evaluation);
    }

    private static (float[] Scalars, HeadEvaluation Head) Oracle(
        IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, CancellationToken cancellation)
    {
        var features = runtime.Features(batch.Examples.Sequences, snapshot.Theta, cancellation);
        var head = heads.Create(snapshot.Head);
        var evaluation = new HeadEvaluation(head, features, batch.Examples.Labels);
        var residuals = evaluation.ProbeResiduals(batch);
        var gradient = Array.ConvertAll(runtime.Vjp(batch.Examples.Sequences, snapshot.Theta, head.FeatureCotangents(residuals), cancellation), value => (double)value);
        var headGradient = directions.Head.Length == 0 ? [] : head.Gradient(features, residuals);
        var scalars = new float[directions.Count];
        for (var k = 0; k < scalars.Length; k++)
            scalars[k] = (float)(Dot(gradient, directions.AdapterPart(k)) + (Dot(headGradient, directions.HeadPart(k)) / batch.Examples.Count));
        return (scalars, evaluation);
    }

    private static (float[] Scalars, HeadEvaluation Head) Differences(
        AlgorithmOptions options, IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, CancellationToken cancellation)
    {
        var central = options.Estimator == EstimatorKind.Central;
        var (texts, labels) = (batch.Examples.Sequences, batch.Examples.Labels);
        HeadEvaluation? primal = null;
        double[]? residuals = null;
        // Central differences of the plain loss need no primal pass, and the published count has none.
        if (central && batch.HasFixedResiduals) Primal(runtime.Features(texts, snapshot.Theta, cancellation));
        var slopes = central
            ? FiniteDifferences.Central(runtime, texts, snapshot.Theta, directions.Adapter, options.Epsilon, Loss, cancellation)
            : FiniteDifferences.OneSided(runtime, texts, snapshot.Theta, directions.Adapter, options.Epsilon, Loss, cancellation);
        return (Array.ConvertAll(slopes, slope => (float)slope), primal!);

        // The head moves along with the adapter where it is probed. Without a primal, the first shifted batch reports the loss.
        double Loss(float[] features, int k, double step)
        {
            if (k < 0) return Value(Primal(features), residuals);
            var evaluation = new HeadEvaluation(heads.Create(Moved(snapshot.Head, directions.HeadPart(k), step)), features, labels);
            primal ??= evaluation;
            return Value(evaluation, residuals);
        }

        HeadEvaluation Primal(float[] features)
        {
            primal = new HeadEvaluation(heads.Create(snapshot.Head), features, labels);
            residuals = batch.HasFixedResiduals ? primal.ProbeResiduals(batch) : null;
            return primal;
        }
    }

    // Mean loss, or with residuals held fixed the linear function of the logits that has the same slope.
    private static double Value(HeadEvaluation evaluation, double[]? residuals)
        => residuals is null ? evaluation.LossSum / evaluation.Count : Dot(residuals, evaluation.Logits) / evaluation.Count;

    private static float[] Moved(float[] from, ReadOnlySpan<float> direction, double epsilon)
    {
        if (direction.IsEmpty) return from;
        var to = new float[from.Length];
        for (var i = 0; i < to.Length; i++) to[i] = (float)(from[i] + (epsilon * direction[i]));
        return to;
    }

    private static double Dot(double[] a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < b.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < b.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
