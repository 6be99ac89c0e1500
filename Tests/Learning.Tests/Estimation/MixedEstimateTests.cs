using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Estimation;

public sealed class MixedEstimateTests
{
    private const int D = 24;

    [Theory]
    [InlineData(3, 4, 2)]
    [InlineData(1, 24, 1)]
    [InlineData(5, 8, 1)]
    public void Weight_is_the_one_of_least_error_on_noisy_batches_and_the_pool_has_no_bias(int devices, int probesEach, int exactDevices)
    {
        const int Trials = 6000;
        var random = new CounterRandom(StreamKey.FromSeed(1, "test"), new DirectionAddress((uint)devices, 0, 0));
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        double[] Batch() => [.. Enumerable.Range(0, D).Select(i => Truth(i) + Normal())];
        var weight = MixedEstimate.ExactWeight(devices, devices * probesEach, exactDevices, D);
        var (probeError, exactError, pooledError, bareError, bias) = (0.0, 0.0, 0.0, 0.0, new double[D]);
        for (var trial = 0; trial < Trials; trial++)
        {
            var (probed, exact) = (new double[D], new double[D]);
            for (var m = 0; m < devices; m++)
            {
                var gradient = Batch();
                for (var k = 0; k < probesEach; k++)
                {
                    var v = Enumerable.Range(0, D).Select(_ => random.Next(2) == 0 ? 1.0 : -1).ToArray();
                    var slope = v.Zip(gradient, (a, b) => a * b).Sum();
                    for (var i = 0; i < D; i++) probed[i] += slope * v[i] / (devices * probesEach);
                }
            }

            for (var m = 0; m < exactDevices; m++)
            {
                var gradient = Batch();
                for (var i = 0; i < D; i++) exact[i] += gradient[i] / exactDevices;
            }

            // What the same devices would have given without backpropagation.
            var bare = new double[D];
            for (var m = 0; m < devices + exactDevices; m++)
            {
                var gradient = Batch();
                for (var k = 0; k < probesEach; k++)
                {
                    var v = Enumerable.Range(0, D).Select(_ => random.Next(2) == 0 ? 1.0 : -1).ToArray();
                    var slope = v.Zip(gradient, (a, b) => a * b).Sum();
                    for (var i = 0; i < D; i++) bare[i] += slope * v[i] / ((devices + exactDevices) * probesEach);
                }
            }

            bareError += bare.Select((value, i) => Square(value - Truth(i))).Sum();
            var pooled = MixedEstimate.Pool(probed, exact, weight);
            for (var i = 0; i < D; i++)
            {
                probeError += Square(probed[i] - Truth(i));
                exactError += Square(exact[i] - Truth(i));
                pooledError += Square(pooled[i] - Truth(i));
                bias[i] += pooled[i] - Truth(i);
            }
        }

        // Errors are independent: the least error has the weight V_p/(V_p + V_e), and is V_p V_e/(V_p + V_e).
        Assert.Equal(probeError / (probeError + exactError), weight, 0.01);
        Assert.Equal(1, pooledError / (probeError * exactError / (probeError + exactError)), 0.03);
        Assert.Equal(1, pooledError / bareError / MixedEstimate.NoiseRatio(devices, devices * probesEach, exactDevices, D, probesEach), 0.03);
        Assert.InRange(bias.Sum(Square) / pooledError, 0.1, 2.6);
    }

    [Fact]
    public void Weight_is_all_or_nothing_where_there_is_one_kind()
    {
        Assert.Equal(0, MixedEstimate.ExactWeight(4, 256, 0, D));
        Assert.Equal(1, MixedEstimate.ExactWeight(0, 0, 3, D));
        Assert.Equal(0.5, MixedEstimate.ExactWeight(1, 1_000_000_000, 1, D), 1e-6); // As many probes as one likes make a gradient.
    }

    [Fact]
    public void Noise_ratio_is_one_without_exact_gradients_and_that_of_one_batch_with_nothing_else()
    {
        Assert.Equal(1, MixedEstimate.NoiseRatio(4, 256, 0, D, 64));
        Assert.Equal(1 / (1 + ((D - 1) / 8.0)), MixedEstimate.NoiseRatio(0, 0, 3, D, 8), 1e-12);
        Assert.InRange(MixedEstimate.NoiseRatio(1, 1_000_000_000, 1, D, 1_000_000_000), 0.999999, 1); // Nothing is won over that many probes.
        Assert.Throws<ArgumentOutOfRangeException>(() => MixedEstimate.NoiseRatio(4, 256, 1, D, 0));
    }

    [Fact]
    public void Counts_that_cannot_be_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => MixedEstimate.ExactWeight(0, 5, 1, D));
        Assert.Throws<ArgumentOutOfRangeException>(() => MixedEstimate.ExactWeight(1, -5, 1, D));
        Assert.Throws<ArgumentOutOfRangeException>(() => MixedEstimate.ExactWeight(1, 5, -1, D));
        Assert.Throws<ArgumentOutOfRangeException>(() => MixedEstimate.ExactWeight(1, 5, 1, 0));
        Assert.Contains("2 and 3 coordinates", Assert.Throws<ArgumentException>(() => MixedEstimate.Pool(new double[2], new double[3], 0.5)).Message, StringComparison.Ordinal);
    }

    private static double Truth(int i) => 0.1 * Math.Sin(i); // ‖g‖² is a two-hundredth of Q.

    private static double Square(double x) => x * x;
}
