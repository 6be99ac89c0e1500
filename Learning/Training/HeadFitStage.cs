using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Heads;

namespace FwdLLM.Learning.Training;

/// <summary>
/// The exact head: one forward pass over the data, then a convex fit on the kept features, each evaluation a round of
/// exact gradients. Runs before the adapter moves and once more after, when its loss also decides whether the adapter is kept.
/// </summary>
internal static class HeadFitStage
{
    // Below this a feature is constant; scaling it up would only amplify rounding.
    private const double LeastDeviation = 1e-6;

    // Sums of squares arrive with 2⁻¹⁵ of the largest feature's; a variance under twice that is made of their rounding.
    private const double LeastRelativeVariance = 1.0 / (1 << 14);

    public static int VectorLength(TrainingContext context, WorkKind kind) => kind switch
    {
        WorkKind.FeatureStatistics => 2 * context.FeatureSize,
        WorkKind.HeadGradient => context.HeadLength,
        _ => 0,
    };

    public static void Add(TrainingContext context, RoundPlan plan, WorkResult result, RoundSums sums)
    {
        var length = VectorLength(context, plan.Kind);
        sums.Vector ??= new DenseSum(length);
        sums.Vector.Add(PackedVector.Unpack(result.Vector, length));
    }

    public static ModelState ApplyStatistics(TrainingContext context, ModelState state, RoundSums sums)
    {
        var n = (double)sums.Examples;
        var last = state.Stage == TrainingStage.LastStatistics;
        var next = state with
        {
            TotalExamples = sums.Examples,
            Stage = last ? TrainingStage.LastHeadFit : TrainingStage.HeadFit,
            HeadEvaluations = 0,
        };
        // The last fit keeps the standardisation, so that its start is the head as training left it.
        if (!last) next = next with { FeatureMean = Mean(sums, context, n), FeatureScale = Scale(sums, context, n) };
        if (!last && context.StartHead.Length > 0) next = next with { Head = Standardised(context, next) };
        return next with { HeadFit = Save(Lbfgs.Start(Widen(next.Head))) };
    }

    public static ModelState ApplyGradient(TrainingContext context, ModelState state, RoundSums sums)
    {
        var n = (double)sums.Examples;
        var fit = Load(state.HeadFit);
        var point = fit.Point;
        var gradient = sums.Vector!.ToDoubles();
        var weights = context.Classes * context.FeatureSize;
        var ridge = context.Options.HeadRidge / context.Classes;
        var value = sums.LossSum / n;
        for (var i = 0; i < gradient.Length; i++)
        {
            gradient[i] /= n;
            if (i >= weights) continue;
            value += 0.5 * ridge * point[i] * point[i];
            gradient[i] += ridge * point[i];
        }

        fit = Lbfgs.Next(fit, value, gradient);
        var evaluations = state.HeadEvaluations + 1;
        var report = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["head-loss"] = fit.BestValue, ["head-evaluations"] = evaluations };
        var next = state with { HeadEvaluations = evaluations, Report = report };
        if (!fit.Converged && evaluations < context.Options.HeadIterations)
            return next with { HeadFit = Save(fit), Head = Narrow(fit.Point) };

        next = next with { HeadFit = [], Head = Narrow(fit.Best) };
        return state.Stage == TrainingStage.LastHeadFit
            ? Judge(context, next, fit.BestValue, report)
            : next with
            {
                HeadOnlyLoss = fit.BestValue,
                HeadOnlyHead = context.Options.HeadLast ? next.Head : [],
                Stage = context.Options.BlockScaling ? TrainingStage.Curvature : TrainingStage.Probes,
            };
    }

    // The same logits from standardised features: W·x + β = (W/σ⁻¹)·((x − μ)∘σ⁻¹) + (β + W·μ).
    private static float[] Standardised(TrainingContext context, ModelState state)
    {
        var head = (float[])state.Head.Clone();
        for (var c = 0; c < context.Classes; c++)
        {
            double bias = head[(context.Classes * context.FeatureSize) + c];
            for (var h = 0; h < context.FeatureSize; h++)
            {
                ref var weight = ref head[(c * context.FeatureSize) + h];
                bias += (double)weight * state.FeatureMean[h];
                weight /= state.FeatureScale[h];
            }

            head[(context.Classes * context.FeatureSize) + c] = (float)bias;
        }

        return head;
    }

    // An adapter that leaves the devices' own loss higher than no adapter is not handed out.
    private static ModelState Judge(TrainingContext context, ModelState state, double loss, SortedDictionary<string, double> report)
    {
        var worse = loss > state.HeadOnlyLoss;
        report["adapter-kept"] = worse ? 0 : 1;
        state = state with { Stage = TrainingStage.Done };
        return worse ? state with { Theta = InitialParameters.Adapter(context), Head = state.HeadOnlyHead } : state;
    }

    private static byte[] Save(LbfgsState fit)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        fit.Write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private static LbfgsState Load(byte[] bytes) => Binary.Parse(bytes, "The head fit", LbfgsState.Read);

    private static float[] Mean(RoundSums sums, TrainingContext context, double n)
        => [.. sums.Vector!.ToDoubles().Take(context.FeatureSize).Select(sum => (float)(sum / n))];

    private static float[] Scale(RoundSums sums, TrainingContext context, double n)
    {
        var moments = sums.Vector!.ToDoubles();
        var scale = new float[context.FeatureSize];
        var least = Math.Max(LeastDeviation, Math.Sqrt(LeastRelativeVariance * Math.Max(0, moments[scale.Length..].Max()) / n));
        for (var i = 0; i < scale.Length; i++)
        {
            var mean = moments[i] / n;
            var variance = Math.Max(0, (moments[scale.Length + i] / n) - (mean * mean));
            scale[i] = (float)(1 / Math.Max(Math.Sqrt(variance), least));
        }

        return scale;
    }

    private static double[] Widen(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static float[] Narrow(IReadOnlyList<double> values) => [.. values.Select(value => (float)value)];
}
