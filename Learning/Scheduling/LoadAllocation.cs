namespace FwdLLM.Learning.Scheduling;

/// <summary>Gives every device as many probes as it can finish before the deadline, from its own measured speed.</summary>
public static class LoadAllocation
{
    /// <summary>
    /// probesᵢ = clamp(⌊speedᵢ·(deadline − overhead)/cost⌋, minimum, maximum). Where that sums to more than the target, everything above the
    /// minimum is reduced in proportion, and the whole numbers are settled by largest remainder, lower index first among equals.
    /// </summary>
    /// <param name="speeds">Units of work per second of each device; 0 or not finite counts as unknown and gets the minimum.</param>
    /// <param name="deadlineSeconds">Time until the wave's deadline.</param>
    /// <param name="overheadSeconds">Time that is not probes: download, the primal pass, upload.</param>
    /// <param name="costPerProbe">Units of work of one probe, positive.</param>
    /// <param name="minimum">Fewest probes per device, at least 0.</param>
    /// <param name="maximum">Most probes per device.</param>
    /// <param name="target">Most probes in all; at least minimum times the number of devices.</param>
    /// <returns>Probes of each device.</returns>
    /// <exception cref="ArgumentException">Bounds that exclude each other.</exception>
    public static int[] Allocate(ReadOnlySpan<double> speeds, double deadlineSeconds, double overheadSeconds, double costPerProbe, int minimum, int maximum, long target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minimum);
        if (maximum < minimum) throw new ArgumentException($"At most {maximum} probes per device, but at least {minimum}.", nameof(maximum));
        if (!(costPerProbe > 0) || !double.IsFinite(costPerProbe)) throw new ArgumentException($"A probe costs {costPerProbe}; give a positive, finite cost.", nameof(costPerProbe));
        if (!double.IsFinite(deadlineSeconds) || !double.IsFinite(overheadSeconds)) throw new ArgumentException($"A deadline of {deadlineSeconds} s and an overhead of {overheadSeconds} s; both must be finite.", nameof(deadlineSeconds));
        var floor = (long)minimum * speeds.Length;
        if (target < floor) throw new ArgumentException($"A target of {target} probes, but {speeds.Length} devices with at least {minimum} each need {floor}.", nameof(target));
        var time = Math.Max(0, deadlineSeconds - overheadSeconds);
        var probes = new int[speeds.Length];
        long above = 0;
        for (var i = 0; i < probes.Length; i++)
        {
            var able = double.IsFinite(speeds[i]) && speeds[i] > 0 ? Math.Floor(speeds[i] * time / costPerProbe) : 0;
            probes[i] = (int)Math.Clamp(able, minimum, maximum);
            above += probes[i] - minimum;
        }

        if (above > target - floor) Reduce(probes, minimum, above, target - floor);
        return probes;
    }

    /// <summary>Shares <paramref name="left"/> probes in proportion to what each device has above the minimum. Integer arithmetic, so the same on every machine.</summary>
    private static void Reduce(int[] probes, int minimum, long above, long left)
    {
        var remainders = new Int128[probes.Length];
        var given = 0L;
        for (var i = 0; i < probes.Length; i++)
        {
            var share = (Int128)(probes[i] - minimum) * left;
            var whole = share / above;
            remainders[i] = share - whole * above;
            probes[i] = minimum + (int)whole;
            given += (long)whole;
        }

        foreach (var i in Enumerable.Range(0, probes.Length).OrderByDescending(i => remainders[i]).Take((int)(left - given)))
            probes[i]++;
    }
}
