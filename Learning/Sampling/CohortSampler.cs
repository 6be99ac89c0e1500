using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Sampling;

/// <summary>Draws a round's cohort: a pure function of key, round and the sorted list of ready devices.</summary>
public static class CohortSampler
{
    /// <summary>Draws devices without replacement. The order is random; a device's position is its slot.</summary>
    /// <param name="key">Key of the job's cohorts.</param>
    /// <param name="round">Round.</param>
    /// <param name="sortedIds">Ready devices in ordinal order, without repetition.</param>
    /// <param name="count">Devices wanted; all when there are fewer.</param>
    /// <exception cref="ArgumentException">The identifiers are not sorted or repeat: another order would draw another cohort.</exception>
    public static string[] Draw(StreamKey key, uint round, IReadOnlyList<string> sortedIds, int count)
    {
        ArgumentNullException.ThrowIfNull(sortedIds);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        for (var i = 1; i < sortedIds.Count; i++)
            if (string.CompareOrdinal(sortedIds[i - 1], sortedIds[i]) >= 0)
                throw new ArgumentException($"Device '{sortedIds[i]}' follows '{sortedIds[i - 1]}'; sort identifiers in ordinal order without repetition.", nameof(sortedIds));
        var random = new CounterRandom(key, new DirectionAddress(round, 0, 0));
        return Array.ConvertAll(random.Sample(sortedIds.Count, Math.Min(count, sortedIds.Count)), i => sortedIds[i]);
    }
}
