using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Sampling;

/// <summary>
/// Draws a batch in proportion to the size of the examples' gradients and weights it back. With probabilities q the estimate
/// (1/n) Σ g_x/(N q_x) over n draws with replacement has expectation (1/N) Σ g_x for every q &gt; 0, and the least variance for
/// q ∝ |g_x|: (mean |g|)² in place of the mean of |g|². The residual's length stands in for |g_x|.
/// </summary>
public static class ImportanceDraw
{
    // A part of the probability is spread evenly, so that no weight exceeds 1/floor: sizes are guesses.
    private const double Floor = 0.2;

    /// <summary>Draws n positions with replacement.</summary>
    /// <param name="key">Key of the job's batches.</param>
    /// <param name="round">Round.</param>
    /// <param name="slot">The device's slot.</param>
    /// <param name="sizes">Size of each example, not negative [N].</param>
    /// <param name="count">n.</param>
    /// <param name="draw">Which draw of the round; another one is independent.</param>
    /// <returns>Positions in ascending order [n] and their weights 1/(N q) [n].</returns>
    /// <exception cref="ArgumentException">A size is negative or not finite, their sum is not finite, or there is none.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static (int[] Positions, double[] Weights) Draw(in StreamKey key, uint round, uint slot, ReadOnlySpan<double> sizes, int count, uint draw = 0)
    {
        if (sizes.IsEmpty) throw new ArgumentException("There are no examples to draw from.", nameof(sizes));
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var total = 0.0;
        foreach (var size in sizes)
            total += size >= 0 && double.IsFinite(size) ? size : throw new ArgumentException($"An example has size {size}; sizes are finite and not negative.", nameof(sizes));
        if (!double.IsFinite(total)) throw new ArgumentException("The sum of the sizes is not finite; give smaller sizes.", nameof(sizes));
        var cumulative = new double[sizes.Length];
        var sum = 0.0;
        for (var i = 0; i < sizes.Length; i++) cumulative[i] = sum += Probability(sizes[i], total, sizes.Length);
        var random = new CounterRandom(key, new DirectionAddress(round, slot, draw));
        var positions = new int[count];
        for (var i = 0; i < count; i++)
        {
            var found = Array.BinarySearch(cumulative, random.NextDouble() * sum);
            positions[i] = Math.Min(found < 0 ? ~found : found + 1, sizes.Length - 1);
        }

        Array.Sort(positions);
        var weights = new double[count];
        for (var i = 0; i < count; i++) weights[i] = 1 / (sizes.Length * Probability(sizes[positions[i]], total, sizes.Length));
        return (positions, weights);
    }

    private static double Probability(double size, double total, int count)
        => total > 0 ? (Floor / count) + ((1 - Floor) * size / total) : 1.0 / count;
}
