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
            EstimatorKind.Oracle => Oracle(runtime, heads, batch, snapshot, directions, cancellation),
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
        // Central differences of the plain loss need no primal pass, and the published count has none.
        var plain = !batch.HasFixedResiduals;
        var primal = central && plain ? null : At(runtime, heads, batch, snapshot, directions, 0, 0, cancellation);
        var residuals = plain ? null : primal!.ProbeResiduals(batch);
        var scalars = new float[directions.Count];
        for (var k = 0; k < scalars.Length; k++)
        {
            var above = At(runtime, heads, batch, snapshot, directions, k, options.Epsilon, cancellation);
            scalars[k] = central
                ? (float)((Value(above, residuals) - Value(At(runtime, heads, batch, snapshot, directions, k, -options.Epsilon, cancellation), residuals)) / (2 * options.Epsilon))
                : (float)((Value(above, residuals) - Value(primal!, residuals)) / options.Epsilon);
            primal ??= above;
        }

        return (scalars, primal!);
    }

    // The batch evaluated at θ + ε·v_k.
    private static HeadEvaluation At(
        IModelRuntime runtime, HeadFactory heads, WeightedBatch batch, ModelSnapshot snapshot, ProbeDirections directions, int k, double epsilon, CancellationToken cancellation)
    {
        var features = runtime.Features(batch.Examples.Sequences, Moved(snapshot.Theta, directions.AdapterPart(k), epsilon), cancellation);
        return new HeadEvaluation(heads.Create(Moved(snapshot.Head, directions.HeadPart(k), epsilon)), features, batch.Examples.Labels);
    }

    // Mean loss, or with residuals held fixed the linear function of the logits that has the same slope.
    private static double Value(HeadEvaluation evaluation, double[]? residuals)
        => residuals is null ? evaluation.LossSum / evaluation.Count : Dot(residuals, evaluation.Logits) / evaluation.Count;

    private static float[] Moved(float[] from, ReadOnlySpan<float> direction, double epsilon)
    {
        if (direction.IsEmpty || epsilon == 0) return from;
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
