namespace FwdLLM.Learning.Gates;

/// <summary>FwdLLM's gate (arXiv 2308.13894 and its code's <c>calculate_var</c>): unbiased variance of the two half means, averaged over one block's coordinates.</summary>
public static class ReferenceGate
{
    /// <summary>Mean over coordinates of (a − b)²/2, the unbiased variance of two readings. Its expectation is about 2‖g‖²/n for n pooled probes, so it has the unit of ‖g‖².</summary>
    /// <param name="firstHalfMean">Mean of the first half of the readings, one block.</param>
    /// <param name="secondHalfMean">Mean of the second half, same block.</param>
    /// <exception cref="ArgumentException">The lengths differ or are zero.</exception>
    public static double Variance(ReadOnlySpan<double> firstHalfMean, ReadOnlySpan<double> secondHalfMean)
    {
        if (firstHalfMean.Length != secondHalfMean.Length || firstHalfMean.IsEmpty)
            throw new ArgumentException($"Halves of {firstHalfMean.Length} and {secondHalfMean.Length} coordinates; give two equal, non-empty halves.", nameof(secondHalfMean));
        var sum = 0.0;
        for (var i = 0; i < firstHalfMean.Length; i++)
        {
            var difference = firstHalfMean[i] - secondHalfMean[i];
            sum += difference * difference / 2;
        }

        return sum / firstHalfMean.Length;
    }
}
