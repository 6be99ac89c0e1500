using FwdLLM.Learning.Random;

namespace FwdLLM.Cli.Profiling;

/// <summary>Which examples are measured: the same for every candidate, so that the differences between candidates hold less noise than each figure.</summary>
/// <param name="Gradients">Disjoint batches for gradients [M, n]: positions of examples.</param>
/// <param name="Scales">Batches for block scales.</param>
/// <param name="Traces">Batches for tr H, each probed along <see cref="ProbesPerTrace"/> directions.</param>
public sealed record ProfilePlan(int[][] Gradients, int[][] Scales, int[][] Traces)
{
    /// <summary>Fewest batches from which |g|² and its error are estimated.</summary>
    public const int LeastBatches = 4;

    /// <summary>Groups of the jackknife, where there are as many batches.</summary>
    public const int Groups = 16;

    /// <summary>Directions for tr H on one batch.</summary>
    public const int ProbesPerTrace = 4;

    /// <summary>Batches whose gradients are compared with their forward gradients.</summary>
    public const int Cosines = 16;

    private const int ScaleBatches = 16, TraceBatches = 8;

    /// <summary>Draws the batches.</summary>
    /// <param name="pool">Examples there are.</param>
    /// <param name="examples">Examples to take gradients of.</param>
    /// <param name="batchSize">n, at most <paramref name="pool"/>/<see cref="LeastBatches"/>.</param>
    /// <param name="seed">Seed.</param>
    public static ProfilePlan Draw(int pool, int examples, int batchSize, ulong seed)
    {
        var batches = Math.Min(examples, pool) / batchSize;
        return new ProfilePlan(
            [.. Random("profile gradients", 0).Sample(pool, batches * batchSize).Chunk(batchSize)],
            [.. Enumerable.Range(0, Math.Min(ScaleBatches, batches)).Select(b => Random("profile scales", b).Sample(pool, batchSize))],
            [.. Enumerable.Range(0, Math.Min(TraceBatches, batches)).Select(b => Random("profile traces", b).Sample(pool, batchSize))]);

        CounterRandom Random(string purpose, int batch) => new(StreamKey.FromSeed(seed, purpose), new DirectionAddress(0, (uint)batch, 0));
    }
}
