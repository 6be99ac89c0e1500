using FwdLLM.Learning.Estimation;

namespace FwdLLM.Learning.Training;

/// <summary>
/// Measures each block's curvature, tr G_b = E[vᵀGv] over Rademacher v that live in block b (Hutchinson), with the
/// Gauss–Newton matrix G, and sets the block's scale to 1/√tr G_b: one global step then suits all blocks.
/// </summary>
internal static class CurvatureStage
{
    public static void Add(TrainingContext context, CompletedWork work, RoundSums sums)
    {
        var blocks = context.Layout.Blocks.Count;
        sums.Scalars ??= new DenseSum(2 * blocks);
        var values = new double[2 * blocks];
        for (var k = 0; k < work.Result.Scalars.Length; k++)
        {
            var block = DirectionSource.CurvatureBlock(work.Order, k, blocks);
            values[2 * block] += work.Result.Scalars[k];
            values[(2 * block) + 1]++;
        }

        sums.Scalars.Add(values);
        sums.Probes[0] += work.Result.Scalars.Length;
    }

    public static ModelState Apply(TrainingContext context, ModelState state, RoundSums sums)
    {
        var blocks = context.Layout.Blocks.Count;
        var values = sums.Scalars!.ToDoubles();
        var trace = new double[blocks];
        for (var b = 0; b < blocks; b++) trace[b] = values[(2 * b) + 1] > 0 ? values[2 * b] / values[(2 * b) + 1] : double.NaN;
        return state with
        {
            Stage = TrainingStage.Probes,
            BlockScale = BlockScales.FromTraces(trace),
            Report = new SortedDictionary<string, double>(StringComparer.Ordinal)
            {
                ["curvature-trace"] = trace.Where(value => !double.IsNaN(value)).Sum(),
                ["curvature-blocks"] = trace.Count(value => value > 0),
            },
        };
    }
}
