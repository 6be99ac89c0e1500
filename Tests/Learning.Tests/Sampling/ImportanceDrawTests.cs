using FwdLLM.Learning.Random;
using FwdLLM.Learning.Sampling;

namespace FwdLLM.Learning.Tests.Sampling;

public sealed class ImportanceDrawTests
{
    private static readonly StreamKey Key = StreamKey.FromSeed(11, "importance tests");
    private static readonly double[] Sizes = [0, 1, 2, 0.1, 5, 0, 3, 0.001];

    [Fact]
    public void Draw_weighted_back_has_the_mean_of_the_shard_as_its_expectation()
    {
        const int Rounds = 4000, Count = 4;
        double[] values = [3, -1, 2, 10, 0.5, -4, 1, 7];
        var (sum, squares) = (0.0, 0.0);
        for (var round = 0u; round < Rounds; round++)
        {
            var (positions, weights) = ImportanceDraw.Draw(Key, round, 3, Sizes, Count);
            var estimate = positions.Zip(weights, (i, w) => w * values[i]).Sum() / Count;
            sum += estimate;
            squares += estimate * estimate;
        }

        var mean = sum / Rounds;
        var error = Math.Sqrt(((squares / Rounds) - (mean * mean)) / Rounds);
        Assert.InRange((mean - values.Average()) / error, -3.5, 3.5);
    }

    [Fact]
    public void Draw_is_ascending_repeatable_and_no_weight_exceeds_five()
    {
        for (var round = 0u; round < 200; round++)
        {
            var (positions, weights) = ImportanceDraw.Draw(Key, round, 0, Sizes, 6);
            Assert.Equal(positions.Order(), positions);
            Assert.All(positions, i => Assert.InRange(i, 0, Sizes.Length - 1));
            Assert.All(weights, w => Assert.InRange(w, 0.1, 5.0000001));
            var again = ImportanceDraw.Draw(Key, round, 0, Sizes, 6);
            Assert.Equal(positions, again.Positions);
            Assert.Equal(weights, again.Weights);
        }
    }

    [Fact]
    public void Draw_of_equal_or_no_sizes_weighs_all_alike()
    {
        Assert.All(ImportanceDraw.Draw(Key, 1, 1, new double[9], 5).Weights, w => Assert.Equal(1, w, 1e-12));
        Assert.All(ImportanceDraw.Draw(Key, 1, 1, [2, 2, 2], 5).Weights, w => Assert.Equal(1, w, 1e-12));
        Assert.Equal([0, 0, 0], ImportanceDraw.Draw(Key, 1, 1, [double.Epsilon], 3).Positions);
    }

    [Fact]
    public void Draw_refuses_sizes_that_are_none()
    {
        Assert.Throws<ArgumentException>(() => ImportanceDraw.Draw(Key, 0, 0, [], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImportanceDraw.Draw(Key, 0, 0, [1.0], -1));
        foreach (var size in new[] { -1, double.NaN, double.PositiveInfinity })
            Assert.Throws<ArgumentException>(() => ImportanceDraw.Draw(Key, 0, 0, [1, size], 1));
        Assert.Contains("sum", Assert.Throws<ArgumentException>(() => ImportanceDraw.Draw(Key, 0, 0, [1e308, 1e308], 1)).Message, StringComparison.Ordinal);
    }
}
