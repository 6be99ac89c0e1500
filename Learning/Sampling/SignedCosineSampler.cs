using FwdLLM.Learning.Random;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Sampling;

/// <summary>
/// FwdLLM's discriminative sampling (arXiv 2308.13894, code <c>fedFwd</c>): of ten candidates per probe, each block keeps those with the
/// highest signed cosine to a previous step, in descending order, independently of the other blocks. A kept direction is put together from
/// blocks of different candidates. The resulting estimator is biased towards the previous step; that is what it was published as.
/// Everything follows from addresses and the previous step, so device and server choose alike and no index need travel.
/// </summary>
public static class SignedCosineSampler
{
    /// <summary>Candidates per probe.</summary>
    public const int CandidatesPerProbe = 10;

    /// <summary>Address of candidate j of a device: probe index FirstProbe·10 + j.</summary>
    /// <param name="round">Round.</param>
    /// <param name="slot">The device's slot.</param>
    /// <param name="firstProbe">Index of the wave's first probe.</param>
    /// <param name="candidate">j, from 0 to 10·K − 1.</param>
    public static DirectionAddress Candidate(uint round, uint slot, uint firstProbe, int candidate) =>
        new(round, slot, checked(firstProbe * CandidatesPerProbe + (uint)candidate));

    /// <summary>Chooses the candidates of K probes.</summary>
    /// <param name="key">Key of the job's directions.</param>
    /// <param name="kind">Distribution of the candidates.</param>
    /// <param name="round">Round.</param>
    /// <param name="slot">The device's slot.</param>
    /// <param name="firstProbe">Index of the wave's first probe.</param>
    /// <param name="probes">K.</param>
    /// <param name="blocks">Blocks of the direction, contiguous from 0.</param>
    /// <param name="previousStep">Step to compare with [d].</param>
    /// <returns>[K, blocks]: the candidate whose block the probe takes. Equal cosines keep the lower candidate first.</returns>
    /// <exception cref="ArgumentException">The step is not as long as the blocks.</exception>
    public static int[,] Choose(StreamKey key, DirectionKind kind, uint round, uint slot, uint firstProbe, int probes, IReadOnlyList<AdapterBlock> blocks, ReadOnlySpan<float> previousStep)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(probes);
        ArgumentNullException.ThrowIfNull(blocks);
        var dimension = blocks.Count == 0 ? 0 : blocks[^1].Offset + blocks[^1].Length;
        if (dimension != previousStep.Length)
            throw new ArgumentException($"A step of {previousStep.Length} values for blocks of {dimension}.", nameof(previousStep));
        var candidates = checked(probes * CandidatesPerProbe);
        var cosines = new double[blocks.Count][];
        for (var b = 0; b < blocks.Count; b++) cosines[b] = new double[candidates];
        var direction = new float[dimension];
        for (var j = 0; j < candidates; j++)
        {
            Fill(key, kind, Candidate(round, slot, firstProbe, j), direction);
            for (var b = 0; b < blocks.Count; b++)
                cosines[b][j] = Cosine(direction.AsSpan(blocks[b].Offset, blocks[b].Length), previousStep.Slice(blocks[b].Offset, blocks[b].Length));
        }

        var chosen = new int[probes, blocks.Count];
        for (var b = 0; b < blocks.Count; b++)
        {
            var order = Enumerable.Range(0, candidates).OrderByDescending(j => cosines[b][j]).ToArray();
            for (var k = 0; k < probes; k++) chosen[k, b] = order[k];
        }

        return chosen;
    }

    /// <summary>Puts the directions together from the chosen blocks.</summary>
    /// <param name="key">Key of the job's directions.</param>
    /// <param name="kind">Distribution of the candidates.</param>
    /// <param name="round">Round.</param>
    /// <param name="slot">The device's slot.</param>
    /// <param name="firstProbe">Index of the wave's first probe.</param>
    /// <param name="blocks">Blocks of the direction.</param>
    /// <param name="chosen">Result of <see cref="Choose"/> [K, blocks].</param>
    /// <returns>[K, d].</returns>
    public static float[] Compose(StreamKey key, DirectionKind kind, uint round, uint slot, uint firstProbe, IReadOnlyList<AdapterBlock> blocks, int[,] chosen)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentNullException.ThrowIfNull(chosen);
        var (probes, dimension) = (chosen.GetLength(0), blocks[^1].Offset + blocks[^1].Length);
        var directions = new float[checked(probes * dimension)];
        var candidate = new float[dimension];
        // Each candidate is made once, however many blocks it is chosen for.
        foreach (var uses in Enumerable.Range(0, probes).SelectMany(k => Enumerable.Range(0, blocks.Count).Select(b => (Probe: k, Block: blocks[b], Candidate: chosen[k, b]))).GroupBy(use => use.Candidate))
        {
            // Its coordinates do not depend on how many are generated, so only its beginning is made.
            var end = uses.Max(use => use.Block.Offset + use.Block.Length);
            Fill(key, kind, Candidate(round, slot, firstProbe, uses.Key), candidate.AsSpan(0, end));
            foreach (var use in uses)
                candidate.AsSpan(use.Block.Offset, use.Block.Length).CopyTo(directions.AsSpan((use.Probe * dimension) + use.Block.Offset));
        }

        return directions;
    }

    private static void Fill(in StreamKey key, DirectionKind kind, DirectionAddress address, Span<float> destination)
    {
        if (kind == DirectionKind.Gaussian) GaussianStream.Fill(key, address, destination);
        else RademacherStream.Fill(key, address, destination);
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, squareA = 0, squareB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            squareA += (double)a[i] * a[i];
            squareB += (double)b[i] * b[i];
        }

        var norms = Math.Sqrt(squareA) * Math.Sqrt(squareB);
        return norms > 0 ? dot / norms : 0;
    }
}
