using System.Runtime.ExceptionServices;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Profiling;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Profiling;

/// <summary>
/// Measures one adapter at the fitted head: block scales, gradients of batches with the recipe's residuals, curvature, and the forward gradient's cosine.
/// Coordinates are the recipe's: a parameter's own change is the coordinate times its block's scale. Equal arguments give equal bits.
/// </summary>
/// <param name="context">Recipe and sizes.</param>
/// <param name="runtime">The adapter.</param>
/// <param name="pool">Examples.</param>
/// <param name="fitted">The head.</param>
/// <param name="plan">Batches.</param>
/// <param name="threads">Batches computed at once.</param>
internal sealed class CandidateMeasurement(TrainingContext context, StartFeatures runtime, PublicExamples pool, FittedHead fitted, ProfilePlan plan, int threads)
{
    private readonly float[] _start = context.InitialTheta();

    /// <summary>Measures it.</summary>
    /// <param name="name">The adapter, for the result.</param>
    /// <param name="scales">Block scales, from <see cref="Scales"/>.</param>
    /// <param name="progress">Told of what is at work and how much of it is done.</param>
    /// <param name="cancellation">Checked between batches.</param>
    /// <returns>The figures; seconds are left at 0.</returns>
    public CandidateProfile Run(string name, float[] scales, Action<string, int, int> progress, CancellationToken cancellation)
    {
        var moments = new GradientMoments(context.Layout.Dimension, Math.Min(ProfilePlan.Groups, plan.Gradients.Length));
        var cosines = new List<double>();
        ForEach(plan.Gradients, "gradients", progress, batch => Scaled(Gradient(plan.Gradients[batch], cancellation), scales), gradient =>
        {
            if (cosines.Count < ProfilePlan.Cosines)
                cosines.Add(ForwardGradientCosine.Of(gradient, context.Options.Directions, context.Key("profile cosines"), (uint)cosines.Count, context.Options.ProbesPerDevice));
            moments.Add(gradient);
        }, cancellation);
        var traces = new List<double>();
        ForEach(plan.Traces, "curvature", progress, batch => Trace(batch, scales, cancellation), traces.Add, cancellation);
        var (gradients, trace) = (moments.Summarise(), Estimate.Mean(traces));
        return new CandidateProfile(name, context.Layout.Dimension, gradients.SquaredGradient, gradients.SquaredBatchGradient, trace, gradients.Signal.Over(trace), Estimate.Mean(cosines), 0);
    }

    /// <summary>Scales of the blocks, all 1 where the recipe has none.</summary>
    /// <param name="progress">As for <see cref="Run"/>.</param>
    /// <param name="cancellation">Checked between batches.</param>
    public float[] Scales(Action<string, int, int> progress, CancellationToken cancellation)
    {
        var blocks = context.Layout.Blocks;
        if (!context.Options.BlockScaling)
            return [.. Enumerable.Repeat(1f, blocks.Count)];
        var traces = new double[blocks.Count];
        ForEach(plan.Scales, "block scales", progress, batch =>
        {
            var positions = plan.Scales[batch];
            var cotangents = CurvatureCotangents.Draw(Rows(fitted.Probabilities, positions), pool.Classes, new CounterRandom(context.Key("profile labels"), new DirectionAddress(0, (uint)batch, 0)));
            return Backward(positions, cotangents, cancellation);
        }, gradient =>
        {
            for (var b = 0; b < traces.Length; b++)
                for (var i = blocks[b].Offset; i < blocks[b].Offset + blocks[b].Length; i++)
                    traces[b] += (double)gradient[i] * gradient[i] * context.Options.BatchSize / plan.Scales.Length;
        }, cancellation);
        return BlockScales.FromTraces(traces);
    }

    private float[] Gradient(int[] positions, CancellationToken cancellation)
    {
        var residuals = Rows(fitted.Residuals, positions);
        if (context.Options.CentredResiduals)
        {
            var control = ControlVariate.Of(fitted.Residuals, pool.Classes, positions, weights: null);
            for (var i = 0; i < residuals.Length; i++) residuals[i] -= control[i];
        }

        return Backward(positions, residuals, cancellation);
    }

    private double Trace(int batch, float[] scales, CancellationToken cancellation)
    {
        var (positions, d) = (plan.Traces[batch], context.Layout.Dimension);
        var directions = new float[checked(ProfilePlan.ProbesPerTrace * d)];
        for (var k = 0; k < ProfilePlan.ProbesPerTrace; k++)
        {
            var direction = directions.AsSpan(k * d, d);
            RademacherStream.Fill(context.Key("profile traces"), new DirectionAddress(0, (uint)batch, (uint)k), direction);
            Scale(direction, scales);
        }

        var run = runtime.Jvp(pool.Examples.At(positions).Sequences, _start, directions, cancellation);
        var (probabilities, size, sum) = (Rows(fitted.Probabilities, positions), run.Features.Length, 0.0);
        for (var k = 0; k < ProfilePlan.ProbesPerTrace; k++)
            sum += SoftmaxLoss.GaussNewton(probabilities, fitted.Head.LogitTangents(run.Tangents.AsSpan(k * size, size)), pool.Classes);
        return sum / ProfilePlan.ProbesPerTrace;
    }

    private float[] Backward(int[] positions, double[] logitCotangents, CancellationToken cancellation) =>
        runtime.Vjp(pool.Examples.At(positions).Sequences, _start, fitted.Head.FeatureCotangents(logitCotangents), cancellation);

    private float[] Scaled(float[] gradient, float[] scales)
    {
        Scale(gradient, scales);
        return gradient;
    }

    private void Scale(Span<float> values, float[] scales)
    {
        for (var b = 0; b < scales.Length; b++)
        {
            var block = context.Layout.Blocks[b];
            foreach (ref var value in values.Slice(block.Offset, block.Length)) value *= scales[b];
        }
    }

    private double[] Rows(double[] values, int[] positions) => [.. positions.SelectMany(row => values.Skip(row * pool.Classes).Take(pool.Classes))];

    // Computed side by side, taken in order: the sums do not depend on the number of threads.
    private void ForEach<T>(int[][] batches, string what, Action<string, int, int> progress, Func<int, T> compute, Action<T> take, CancellationToken cancellation)
    {
        for (var first = 0; first < batches.Length; first += threads)
        {
            cancellation.ThrowIfCancellationRequested();
            progress(what, first, batches.Length);
            var results = new T[Math.Min(threads, batches.Length - first)];
            try
            {
                Parallel.For(0, results.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => results[i] = compute(first + i));
            }
            catch (AggregateException e)
            {
                ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            }

            foreach (var result in results) take(result);
        }
    }
}
