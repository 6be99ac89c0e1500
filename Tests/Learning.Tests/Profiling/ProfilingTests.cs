using FwdLLM.Learning.Profiling;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Profiling;

public sealed class ProfilingTests
{
    private static readonly StreamKey Key = StreamKey.FromSeed(6, "profiling tests");

    [Fact]
    public void Mean_and_quotient_carry_their_errors()
    {
        var mean = Estimate.Mean([1, 2, 3, 6]);
        Assert.Equal(3, mean.Value);
        Assert.Equal(Math.Sqrt(14.0 / 3 / 4), mean.StandardError, 1e-15);
        Assert.True(double.IsNaN(Estimate.Mean([5]).StandardError));
        Assert.Throws<ArgumentException>(() => Estimate.Mean([]));

        // 3 % and 4 % make 5 %.
        var quotient = new Estimate(10, 0.3).Over(new Estimate(5, 0.2));
        Assert.Equal((2, 0.1), (quotient.Value, Math.Round(quotient.StandardError, 14)));
        Assert.True(double.IsNaN(new Estimate(1, 0).Over(new Estimate(0, 0)).Value));
    }

    [Theory]
    [InlineData(new[] { 1.0, 2, 3, 4, 5 }, new[] { 5.0, 6, 7, 8, 7 }, 0.82078268166812329)]
    [InlineData(new[] { 1.0, 2, 3 }, new[] { 10.0, 100, 1000 }, 1)]
    [InlineData(new[] { 1.0, 2, 3 }, new[] { 3.0, 2, -1 }, -1)]
    [InlineData(new[] { 1.0, 1, 2, 2 }, new[] { 1.0, 2, 1, 2 }, 0)]
    public void Spearman_agrees_with_known_values(double[] first, double[] second, double expected)
    {
        Assert.Equal(expected, RankCorrelation.Spearman(first, second), 1e-14);
        Assert.Equal(expected, RankCorrelation.Spearman(second, first), 1e-14);
    }

    [Fact]
    public void Spearman_refuses_what_has_no_ranks()
    {
        Assert.True(double.IsNaN(RankCorrelation.Spearman([1, 1], [1, 2])));
        Assert.Throws<ArgumentException>(() => RankCorrelation.Spearman([1], [1]));
        Assert.Throws<ArgumentException>(() => RankCorrelation.Spearman([1, 2], [1, 2, 3]));
        Assert.Throws<ArgumentException>(() => RankCorrelation.Spearman([1, double.NaN], [1, 2]));
    }

    [Fact]
    public void Curvature_cotangents_have_the_Gauss_Newton_matrix_as_second_moment_and_examples_do_not_mix()
    {
        const int Classes = 3, Draws = 40_000;
        double[] p = [0.7, 0.2, 0.1, 0.25, 0.25, 0.5];
        var moments = new double[p.Length, p.Length];
        for (var draw = 0u; draw < Draws; draw++)
        {
            var u = CurvatureCotangents.Draw(p, Classes, new CounterRandom(Key, new DirectionAddress(0, draw, 0)));
            for (var i = 0; i < u.Length; i++)
                for (var j = 0; j < u.Length; j++) moments[i, j] += u[i] * u[j] / Draws;
        }

        // A second moment of values within ±1 has deviation under 1/√40000 = 0.005.
        for (var i = 0; i < p.Length; i++)
            for (var j = 0; j < p.Length; j++)
                Assert.Equal(i / Classes != j / Classes ? 0 : i == j ? p[i] * (1 - p[i]) : -p[i] * p[j], moments[i, j], 0.015);
    }

    [Theory]
    [InlineData(DirectionKind.Rademacher)]
    [InlineData(DirectionKind.Gaussian)]
    public void Cosine_of_the_forward_gradient_depends_on_d_and_K(DirectionKind kind)
    {
        const int Dimension = 400, Probes = 50;
        var gradient = new float[Dimension];
        GaussianStream.Fill(Key, new DirectionAddress(1, 0, 0), gradient);
        var mean = Estimate.Mean([.. Enumerable.Range(0, 200).Select(sample => ForwardGradientCosine.Of(gradient, kind, Key, (uint)sample, Probes))]);
        Assert.Equal(Math.Sqrt(Probes / (double)(Probes + Dimension)), mean.Value, 0.01);
        Assert.Equal(1, ForwardGradientCosine.Of([-3], kind, Key, 0, 1), 1e-12);
        Assert.Equal(0, ForwardGradientCosine.Of([0, 0], kind, Key, 0, 1));
    }

    [Fact]
    public void Block_scales_are_inverse_roots_with_a_floor()
    {
        // The mean of the known positive traces is 2.5, its fiftieth 0.05.
        Assert.Equal([0.5f, 1f, (float)(1 / Math.Sqrt(0.05)), (float)(1 / Math.Sqrt(2.5))], BlockScales.FromTraces([4, 1, 0, double.NaN]));
        Assert.Equal([1f, 1f], BlockScales.FromTraces([double.NaN, double.NaN]));
    }
}
