using FwdLLM.Learning.Gates;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Gates;

public sealed class GateTests
{
    [Fact]
    public void Agreement_is_the_cosine_whatever_the_scale()
    {
        Assert.Equal(0.6, SplitHalfGate.Agreement([1, 0], [3, 4]), 1e-15);
        Assert.Equal(0.6, SplitHalfGate.Agreement([1e-9, 0], [3e9, 4e9]), 1e-12);
        Assert.Equal(0, SplitHalfGate.Agreement([0, 0], [3, 4]));
        Assert.Equal(-1, SplitHalfGate.Agreement([2, -2], [-3, 3]), 1e-15);
    }

    [Theory]
    [InlineData(-0.5, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(1.0 / 3, 0.70710678118654757)]
    public void PooledCosine_is_the_Spearman_Brown_formula(double agreement, double expected) =>
        Assert.Equal(expected, SplitHalfGate.PooledCosine(agreement), 1e-15);

    [Fact]
    public void PooledCosine_predicts_the_true_cosine_of_the_pooled_estimate()
    {
        const int Dimension = 200_000;
        var key = StreamKey.FromSeed(8, "gate tests");
        var parts = Enumerable.Range(0, 3).Select(i =>
        {
            var values = new float[Dimension];
            GaussianStream.Fill(key, new DirectionAddress(0, 0, (uint)i), values);
            return values;
        }).ToArray();
        double[] first = [.. parts[0].Select((g, i) => g + 3.0 * parts[1][i])];
        double[] second = [.. parts[0].Select((g, i) => g + 3.0 * parts[2][i])];
        double[] pooled = [.. first.Select((a, i) => (a + second[i]) / 2)];
        double[] gradient = [.. parts[0].Select(g => (double)g)];

        // c = 0.1, so the cosine is sqrt(0.2/1.1) = 0.426; a cosine of independent vectors strays by 1/sqrt(d) = 0.0022.
        Assert.Equal(SplitHalfGate.Agreement(gradient, pooled), SplitHalfGate.PooledCosine(SplitHalfGate.Agreement(first, second)), 0.02);
        Assert.Equal(0.426, SplitHalfGate.Agreement(gradient, pooled), 0.011);
    }

    [Fact]
    public void Variance_is_half_the_mean_squared_difference() =>
        Assert.Equal((4 + 16) / 2.0 / 2, ReferenceGate.Variance([1, 5], [3, 1]), 1e-15);

    [Fact]
    public void Halves_of_different_length_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SplitHalfGate.Agreement([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => ReferenceGate.Variance([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => ReferenceGate.Variance([], []));
    }
}
