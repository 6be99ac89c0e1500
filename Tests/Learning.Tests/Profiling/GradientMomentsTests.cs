using FwdLLM.Learning.Profiling;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Profiling;

public sealed class GradientMomentsTests
{
    private const int Dimension = 20, Batches = 12;

    [Fact]
    public void Squared_gradient_is_the_mean_inner_product_of_all_pairs()
    {
        // Pairs: 0, 1, 1. Squares: 1, 1, 2.
        var summary = Of([[1, 0], [0, 1], [1, 1]], groups: 3);
        Assert.Equal(2.0 / 3, summary.SquaredGradient.Value, 1e-15);
        Assert.Equal(4.0 / 3, summary.SquaredBatchGradient.Value, 1e-15);
        Assert.Equal(1.0 / 3, summary.Signal.Value, 1e-15);
        // Without each in turn: 1, 1, 0 of |g|²; jackknife √(2/3 · Σ(x − 2/3)²).
        Assert.Equal(Math.Sqrt(2.0 / 3 * (1.0 / 9 + 1.0 / 9 + 4.0 / 9)), summary.SquaredGradient.StandardError, 1e-15);
    }

    [Fact]
    public void Estimates_are_unbiased_and_their_errors_are_what_they_say()
    {
        const int Trials = 4000;
        const double Squared = 0.25, Noise = 0.3 * 0.3 * Dimension;
        var summaries = Enumerable.Range(0, Trials).Select(trial => Of(Noisy((uint)trial), groups: 6)).ToList();

        Unbiased(Squared, [.. summaries.Select(summary => summary.SquaredGradient.Value)]);
        Unbiased(Squared + Noise, [.. summaries.Select(summary => summary.SquaredBatchGradient.Value)]);

        // The plain square of the mean is off by the noise over M, 60 % of |g|² here: the check above can tell.
        var plain = Estimate.Mean([.. summaries.Select(summary => ((summary.SquaredBatchGradient.Value - summary.SquaredGradient.Value) / Batches) + summary.SquaredGradient.Value)]);
        Assert.True(plain.Value > Squared + (20 * plain.StandardError));

        // The jackknife's variance is right on average, or a little large (Efron and Stein).
        Honest([.. summaries.Select(summary => summary.SquaredGradient)]);
        Honest([.. summaries.Select(summary => summary.SquaredBatchGradient)]);

        static void Unbiased(double expected, double[] values)
        {
            var mean = Estimate.Mean(values);
            Assert.Equal(expected, mean.Value, 4 * mean.StandardError);
        }

        static void Honest(Estimate[] estimates)
        {
            var spread = Estimate.Mean([.. estimates.Select(estimate => estimate.Value)]).StandardError * Math.Sqrt(Trials);
            var said = Math.Sqrt(estimates.Average(estimate => estimate.StandardError * estimate.StandardError));
            Assert.InRange(said / spread, 0.95, 1.3);
        }
    }

    [Theory]
    [InlineData(1.0 / 1024)]
    [InlineData(64)]
    public void Rate_does_not_change_when_all_parameters_are_rescaled(float scale)
    {
        // Parameters in other units: gradients times c, curvature times c².
        var plain = Noisy(1);
        var other = plain.Select(gradient => Array.ConvertAll(gradient, value => value * scale)).ToArray();
        double[] traces = [3.5, 2.25, 4];
        var before = Of(plain, 4).Signal.Over(Estimate.Mean(traces));
        var after = Of(other, 4).Signal.Over(Estimate.Mean(Array.ConvertAll(traces, trace => trace * scale * scale)));
        Assert.True(before.Value > 0 && before.StandardError > 0);
        Assert.Equal(before.Value, after.Value, before.Value * 1e-12);
        Assert.Equal(before.StandardError, after.StandardError, before.StandardError * 1e-12);
    }

    [Fact]
    public void Signal_of_opposite_gradients_is_zero_not_its_square()
    {
        var summary = Of([[1], [-1], [1], [-1]], groups: 2);
        Assert.Equal(-1.0 / 3, summary.SquaredGradient.Value, 1e-15);
        Assert.Equal(0, summary.Signal.Value);
    }

    [Fact]
    public void Too_few_batches_and_wrong_lengths_are_refused()
    {
        Assert.Contains("2 batches in 2 groups", Assert.Throws<InvalidOperationException>(() => Of([[1], [2]], 2)).Message, StringComparison.Ordinal);
        Assert.Contains("d is 2", Assert.Throws<ArgumentException>(() => Of([[1]], 2, dimension: 2)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientMoments(3, 1));
    }

    // |g|² = 0.25 along one axis, and normal noise of deviation 0.3 in every coordinate.
    private static float[][] Noisy(uint trial) =>
        [.. Enumerable.Range(0, Batches).Select(batch =>
        {
            var gradient = new float[Dimension];
            GaussianStream.Fill(StreamKey.FromSeed(4, "moments tests"), new DirectionAddress(trial, (uint)batch, 0), gradient);
            for (var i = 0; i < gradient.Length; i++) gradient[i] = (0.3f * gradient[i]) + (i == 0 ? 0.5f : 0);
            return gradient;
        })];

    private static GradientSummary Of(float[][] gradients, int groups, int? dimension = null)
    {
        var moments = new GradientMoments(dimension ?? gradients[0].Length, groups);
        foreach (var gradient in gradients) moments.Add(gradient);
        return moments.Summarise();
    }
}
