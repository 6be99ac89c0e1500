namespace FwdLLM.Learning.Profiling;

/// <summary>Spearman's rank correlation.</summary>
public static class RankCorrelation
{
    /// <summary>Correlation of the ranks, equal values sharing their mean rank: from −1 to 1, NaN where all values of a side are equal.</summary>
    /// <exception cref="ArgumentException">The lengths differ, there are fewer than two pairs, or a value is NaN.</exception>
    public static double Spearman(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count != second.Count || first.Count < 2)
            throw new ArgumentException($"{first.Count} and {second.Count} values; give as many on both sides, at least 2.", nameof(second));
        if (first.Concat(second).Any(double.IsNaN))
            throw new ArgumentException("A value is NaN, which has no rank; leave its pair out.", nameof(first));
        var (a, b) = (Ranks(first), Ranks(second));
        var middle = (first.Count - 1) / 2.0;
        double both = 0, squareA = 0, squareB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            both += (a[i] - middle) * (b[i] - middle);
            squareA += (a[i] - middle) * (a[i] - middle);
            squareB += (b[i] - middle) * (b[i] - middle);
        }

        return both / Math.Sqrt(squareA * squareB);
    }

    // From 0; the rank of a value is the mean position of all values equal to it.
    private static double[] Ranks(IReadOnlyList<double> values) =>
        [.. values.Select(value => values.Count(other => other < value) + ((values.Count(other => other == value) - 1) / 2.0))];
}
