namespace FwdLLM.Learning.Profiling;

/// <summary>What <see cref="GradientMoments"/> gives.</summary>
/// <param name="SquaredGradient">|g|², unbiased, so it may come out negative.</param>
/// <param name="SquaredBatchGradient">E|g_b|².</param>
/// <param name="Signal">max(0, |g|²)²/E|g_b|²: η without its curvature.</param>
public sealed record GradientSummary(Estimate SquaredGradient, Estimate SquaredBatchGradient, Estimate Signal);

/// <summary>
/// |g|² and E|g_b|² from the gradients g_b = g + e_b of M disjoint batches, e_b independent with mean zero.
/// <para>
/// The squared length of their mean is too large by the noise: E|ḡ|² = |g|² + E|e|²/M. The inner product of the means of two halves
/// that share no batch is not, since E⟨ḡ₁, ḡ₂⟩ = |g|². Its average over all splits into halves is the mean of g_a·g_b over all
/// pairs a ≠ b, (|Σ g_b|² − Σ |g_b|²)/(M(M − 1)): unbiased, and with the least variance. It needs sums only, not every gradient.
/// </para>
/// Standard errors are the jackknife's over groups of batches (Efron and Stein 1981), so that the error of |g|⁴/E|g_b|² counts how its parts vary together.
/// </summary>
public sealed class GradientMoments
{
    private readonly double[][] _sums; // [groups, d]
    private readonly double[] _squares; // Σ |g_b|² of each group
    private readonly int[] _counts;
    private int _next;

    /// <summary>Starts empty.</summary>
    /// <param name="dimension">d.</param>
    /// <param name="groups">Groups that batches go to in turn, at least 2; memory is groups·d doubles.</param>
    public GradientMoments(int dimension, int groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 2);
        _sums = [.. Enumerable.Range(0, groups).Select(_ => new double[dimension])];
        _squares = new double[groups];
        _counts = new int[groups];
    }

    /// <summary>Adds a batch's gradient [d].</summary>
    /// <exception cref="ArgumentException">It has another length.</exception>
    public void Add(ReadOnlySpan<float> gradient)
    {
        var sum = _sums[_next];
        if (gradient.Length != sum.Length) throw new ArgumentException($"A gradient of {gradient.Length} values; d is {sum.Length}.", nameof(gradient));
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += gradient[i];
            _squares[_next] += (double)gradient[i] * gradient[i];
        }

        _counts[_next]++;
        _next = (_next + 1) % _sums.Length;
    }

    /// <summary>The figures of all batches so far.</summary>
    /// <exception cref="InvalidOperationException">A group is empty, or no two batches are left when one is taken away.</exception>
    public GradientSummary Summarise()
    {
        if (_counts.Contains(0) || _counts.Sum() - _counts.Max() < 2)
            throw new InvalidOperationException($"{_counts.Sum()} batches in {_sums.Length} groups; give each group one, and 3 in all.");
        var products = Products();
        var whole = Figures(products, left: -1);
        var without = Enumerable.Range(0, _sums.Length).Select(group => Figures(products, group)).ToArray();
        return new GradientSummary(
            Jackknife(whole.Gradient, Array.ConvertAll(without, figures => figures.Gradient)),
            Jackknife(whole.Batch, Array.ConvertAll(without, figures => figures.Batch)),
            Jackknife(whole.Signal, Array.ConvertAll(without, figures => figures.Signal)));
    }

    private (double Gradient, double Batch, double Signal) Figures(double[,] products, int left)
    {
        double total = 0, squares = 0, count = 0;
        for (var a = 0; a < _sums.Length; a++)
        {
            if (a == left) continue;
            squares += _squares[a];
            count += _counts[a];
            for (var b = 0; b < _sums.Length; b++)
                if (b != left) total += products[a, b];
        }

        var (gradient, batch) = ((total - squares) / (count * (count - 1)), squares / count);
        var positive = Math.Max(0, gradient);
        return (gradient, batch, batch > 0 ? positive * positive / batch : 0);
    }

    private double[,] Products()
    {
        var products = new double[_sums.Length, _sums.Length];
        for (var a = 0; a < _sums.Length; a++)
            for (var b = 0; b <= a; b++)
            {
                var dot = 0.0;
                for (var i = 0; i < _sums[a].Length; i++) dot += _sums[a][i] * _sums[b][i];
                products[a, b] = products[b, a] = dot;
            }

        return products;
    }

    private static Estimate Jackknife(double whole, double[] without)
    {
        var mean = without.Average();
        return new Estimate(whole, Math.Sqrt((without.Length - 1.0) / without.Length * without.Sum(value => (value - mean) * (value - mean))));
    }
}
