using FwdLLM.Learning.Random;
using FwdLLM.Learning.Sampling;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Sampling;

public sealed class SamplingTests
{
    private static readonly StreamKey Key = StreamKey.FromSeed(6, "sampling tests");
    private static readonly AdapterBlock[] Blocks = [new("a", 0, 7, 0), new("b", 7, 600, 0), new("c", 607, 30, 0)];

    private static float[] Normal(uint probe, int count)
    {
        var values = new float[count];
        GaussianStream.Fill(Key, new DirectionAddress(1000, 0, probe), values);
        return values;
    }

    [Fact]
    public void CohortSampler_draws_distinct_devices_that_follow_from_key_and_round_alone()
    {
        string[] ids = [.. Enumerable.Range(100, 50).Select(i => $"device-{i}")];
        var cohort = CohortSampler.Draw(Key, 3, ids, 8);
        Assert.Equal(8, cohort.Distinct().Count());
        Assert.Equal(cohort, CohortSampler.Draw(Key, 3, ids, 8));
        Assert.NotEqual(cohort, CohortSampler.Draw(Key, 4, ids, 8));
        Assert.Equal(50, CohortSampler.Draw(Key, 3, ids, 80).Length);
        Assert.Contains("sort", Assert.Throws<ArgumentException>(() => CohortSampler.Draw(Key, 3, ["b", "a"], 1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DirectionKind.Gaussian)]
    [InlineData(DirectionKind.Rademacher)]
    public void SignedCosineSampler_keeps_the_highest_cosines_of_each_block_in_descending_order(DirectionKind kind)
    {
        const int Probes = 3;
        var step = Normal(0, 637);
        var chosen = SignedCosineSampler.Choose(Key, kind, 5, 2, 6, Probes, Blocks, step);
        var direction = new float[637];
        for (var b = 0; b < Blocks.Length; b++)
        {
            var cosines = new List<double>();
            for (var j = 0; j < Probes * 10; j++)
            {
                var address = new DirectionAddress(5, 2, (uint)(60 + j));
                if (kind == DirectionKind.Gaussian) GaussianStream.Fill(Key, address, direction);
                else RademacherStream.Fill(Key, address, direction);
                var range = Enumerable.Range(Blocks[b].Offset, Blocks[b].Length);
                cosines.Add(range.Sum(i => (double)direction[i] * step[i]) / Math.Sqrt(range.Sum(i => (double)direction[i] * direction[i]) * range.Sum(i => (double)step[i] * step[i])));
            }

            var kept = Enumerable.Range(0, Probes).Select(k => cosines[chosen[k, b]]).ToArray();
            Assert.Equal(cosines.OrderDescending().Take(Probes), kept, (x, y) => Math.Abs(x - y) < 1e-9);
        }
    }

    [Fact]
    public void SignedCosineSampler_composes_each_block_from_its_candidate()
    {
        var chosen = SignedCosineSampler.Choose(Key, DirectionKind.Gaussian, 5, 2, 6, 2, Blocks, Normal(0, 637));
        var composed = SignedCosineSampler.Compose(Key, DirectionKind.Gaussian, 5, 2, 6, Blocks, chosen);
        var candidate = new float[637];
        for (var k = 0; k < 2; k++)
            for (var b = 0; b < Blocks.Length; b++)
            {
                GaussianStream.Fill(Key, SignedCosineSampler.Candidate(5, 2, 6, chosen[k, b]), candidate);
                Assert.Equal(candidate.AsSpan(Blocks[b].Offset, Blocks[b].Length), composed.AsSpan((k * 637) + Blocks[b].Offset, Blocks[b].Length));
            }
    }

    [Fact]
    public void GuidedDirections_are_along_the_guide_once_and_orthogonal_to_it_otherwise()
    {
        var unit = GuidedDirections.Unit(Normal(1, 300))!;
        var direction = new float[300];
        GuidedDirections.Fill(Key, new DirectionAddress(1, 2, 0), unit, direction);
        Assert.Equal(Math.Sqrt(300), unit.Select((u, i) => (double)u * direction[i]).Sum(), 1e-4);
        GuidedDirections.Fill(Key, new DirectionAddress(1, 2, 5), unit, direction);
        Assert.Equal(0, unit.Select((u, i) => (double)u * direction[i]).Sum(), 1e-4);
        Assert.InRange(direction.Sum(x => (double)x * x), 280, 300);
    }

    [Fact]
    public void GuidedDirections_without_a_step_have_no_guide()
    {
        Assert.Null(GuidedDirections.Unit([0, 0]));
        Assert.Null(GuidedDirections.Unit([float.NaN, 1]));
    }

    [Fact]
    public void GuidedDirections_estimate_is_unbiased()
    {
        // Along u the estimate is exact. Across it, E|error|^2 = (d - 2)|Pg|^2/N with N random probes: see SignedSumTests for the bounds.
        const int Dimension = 1000, ProbesPerDevice = 5, Devices = 256;
        var g = Normal(2, Dimension);
        var unit = GuidedDirections.Unit([.. Normal(3, Dimension).Select((x, i) => x + g[i])])!;
        var along = Dot(g, unit);
        var across = g.Sum(x => (double)x * x) - along * along;
        var (few, many) = (Error(Devices), Error(16 * Devices));
        Assert.InRange(few * few * Devices * (ProbesPerDevice - 1) / ((Dimension - 2) * across), 0.685, 1.315);
        Assert.InRange(many * many * 16 * Devices * (ProbesPerDevice - 1) / ((Dimension - 2) * across), 0.77, 1.23);
        Assert.InRange(few / many, 4 * 0.8, 4 * 1.2);

        double Error(int devices)
        {
            var mean = new double[Dimension];
            var (measured, plain) = (new float[Dimension], new float[Dimension]);
            var guided = 0.0;
            for (uint slot = 0; slot < devices; slot++)
                for (uint probe = 0; probe < ProbesPerDevice; probe++)
                {
                    var address = new DirectionAddress(9, slot, probe);
                    GuidedDirections.Fill(Key, address, unit, measured);
                    var s = Dot(g, measured);
                    if (GuidedDirections.IsGuided(probe))
                    {
                        guided += s / devices;
                        continue;
                    }

                    // The server rebuilds the plain direction: the projection comes once, in Combine.
                    RademacherStream.Fill(Key, address, plain);
                    for (var i = 0; i < Dimension; i++) mean[i] += s * plain[i] / (devices * (ProbesPerDevice - 1));
                }

            var estimate = GuidedDirections.Combine(unit, guided, mean);
            Assert.Equal(along, estimate.Select((x, i) => x * unit[i]).Sum(), 1e-4);
            return Math.Sqrt(estimate.Select((x, i) => (x - g[i]) * (x - g[i])).Sum());
        }
    }

    private static double Dot(float[] a, float[] b) => a.Select((x, i) => (double)x * b[i]).Sum();
}
