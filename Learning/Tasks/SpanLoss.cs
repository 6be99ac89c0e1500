using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tasks;

/// <summary>
/// The loss of extractive question answering (Devlin et al., arXiv 1810.04805, §4.2) as functions of one window's scores [T, 2], start and end:
/// the mean of two cross-entropies over its T tokens. No state.
/// </summary>
internal static class SpanLoss
{
    /// <summary>Each of the two cross-entropies counts half.</summary>
    public const double Weight = 0.5;

    /// <summary>softmax over the tokens, for starts and for ends [T, 2].</summary>
    public static double[] Probabilities(ReadOnlySpan<double> scores)
    {
        var probabilities = new double[scores.Length];
        for (var side = 0; side < 2; side++)
        {
            var logSum = LogSumExp(scores, side);
            for (var i = side; i < scores.Length; i += 2) probabilities[i] = Math.Exp(scores[i] - logSum);
        }

        return probabilities;
    }

    public static double Loss(ReadOnlySpan<double> scores, SpanTarget target)
        => Weight * (LogSumExp(scores, 0) - scores[2 * target.Start] + LogSumExp(scores, 1) - scores[(2 * target.End) + 1]);

    /// <summary>The most likely start and end, each for itself; the first of equals.</summary>
    public static SpanTarget Prediction(ReadOnlySpan<double> scores) => new(Highest(scores, 0), Highest(scores, 1));

    /// <summary>A start and an end drawn from the probabilities, independently.</summary>
    public static SpanTarget Draw(ReadOnlySpan<double> probabilities, CounterRandom random) => new(Draw(probabilities, 0, random), Draw(probabilities, 1, random));

    private static int Draw(ReadOnlySpan<double> probabilities, int side, CounterRandom random)
    {
        var left = random.NextDouble();
        var last = (probabilities.Length / 2) - 1;
        for (var token = 0; token < last; token++)
            if ((left -= probabilities[(2 * token) + side]) < 0)
                return token;
        return last;
    }

    private static int Highest(ReadOnlySpan<double> scores, int side)
    {
        var best = 0;
        for (var token = 1; token < scores.Length / 2; token++)
            if (scores[(2 * token) + side] > scores[(2 * best) + side])
                best = token;
        return best;
    }

    private static double LogSumExp(ReadOnlySpan<double> scores, int side)
    {
        var largest = double.NegativeInfinity;
        for (var i = side; i < scores.Length; i += 2) largest = Math.Max(largest, scores[i]);
        if (!double.IsFinite(largest)) return largest;
        var sum = 0.0;
        for (var i = side; i < scores.Length; i += 2) sum += Math.Exp(scores[i] - largest);
        return largest + Math.Log(sum);
    }
}
