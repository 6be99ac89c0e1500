using CsCheck;
using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Estimation;

public sealed class PackedGradientTests
{
    private static readonly StreamKey Key = StreamKey.FromSeed(3, "test");

    private static AdapterBlock[] Blocks(params int[] lengths) => [.. lengths.Select((length, i) => new AdapterBlock($"b{i}", lengths.Take(i).Sum(), length, 0))];

    private static CounterRandom Draws(uint round = 0) => new(Key, new DirectionAddress(round, 0, 0));

    [Fact]
    public void Pack_equals_its_fixed_bytes() => // 1 = 64·2⁻⁶; −1.984375 = −127·2⁻⁶; 127.5 needs 2¹; a part of zeros
        Assert.Equal("06000000" + "faff" + "4081" + "0100" + "4000" + "0080" + "0000", Convert.ToHexStringLower(PackedGradient.Pack([1, -1.984375, 128, 0, 0, 0], Blocks(2, 2, 2), Draws())));

    [Fact]
    public void Values_come_back_within_one_unit_of_their_part()
    {
        var blocks = Blocks(1, 300, 64, 512);
        Gen.Select(Gen.Double[-1, 1], Gen.Int[-300, 300], (m, e) => m * Math.Pow(10, e)).Array[877].Sample(
            x =>
            {
                var y = PackedGradient.Unpack(PackedGradient.Pack(x, blocks, Draws()), blocks);
                (int Start, int Length)[] parts = [(0, 1), (1, 256), (257, 44), (301, 64), (365, 256), (621, 256)];
                return parts.All(part =>
                {
                    var largest = x.Skip(part.Start).Take(part.Length).Max(Math.Abs);
                    return Enumerable.Range(part.Start, part.Length).All(i => Math.Abs(x[i] - y[i]) <= Math.Max(2 * largest / 127, Math.ScaleB(1, -1000)));
                });
            },
            iter: 50,
            seed: "0000000000000");
    }

    [Theory]
    [InlineData(1.0715086071862673e301)] // 2¹⁰⁰⁰
    [InlineData(-1e301)]
    [InlineData(double.Epsilon)]
    [InlineData(127.0)]
    [InlineData(127.00000000000001)]
    public void Extreme_values_stay_close_and_finite(double value)
    {
        var read = PackedGradient.Unpack(PackedGradient.Pack([value], Blocks(1), Draws()), Blocks(1))[0];
        Assert.True(double.IsFinite(read));
        Assert.True(Math.Abs(read - value) <= Math.Max(Math.Abs(value) / 63, Math.ScaleB(1, -1000)));
    }

    [Fact]
    public void Mean_of_what_comes_back_is_what_was_packed()
    {
        const int Rounds = 4000;
        double[] values = [1, 0.5043, -0.3337, 0.001, -1e-5, 0];
        var mean = new double[values.Length];
        for (var round = 0u; round < Rounds; round++)
        {
            var read = PackedGradient.Unpack(PackedGradient.Pack(values, Blocks(6), Draws(round)), Blocks(6));
            for (var i = 0; i < mean.Length; i++) mean[i] += read[i] / Rounds;
        }

        // A unit of 2⁻⁶ rounded at random deviates by at most half a unit in the root mean square.
        const double Deviation = 1.0 / 128;
        Assert.All(values.Zip(mean), pair => Assert.Equal(pair.First, pair.Second, 4 * Deviation / Math.Sqrt(Rounds)));
        Assert.NotEqual(0, mean[4]); // To the nearest, what is this small would always be lost.
    }

    [Fact]
    public void Error_is_under_two_per_cent_of_the_square()
    {
        var draws = Draws(9);
        foreach (var tail in new[] { 0.001, 0.004, 0.02, 0.5, 1 })
        {
            double[] values = [1.99, .. Enumerable.Range(0, 511).Select(_ => tail * ((2 * draws.NextDouble()) - 1))];
            var errors = Enumerable.Range(0, 20).Average(round => PackedGradient.Unpack(PackedGradient.Pack(values, Blocks(512), Draws((uint)round)), Blocks(512)).Zip(values, (a, b) => (a - b) * (a - b)).Sum());
            Assert.InRange(errors / values.Sum(value => value * value), 1e-7, 0.02);
        }
    }

    [Fact]
    public void What_is_not_a_gradient_is_refused()
    {
        var blocks = Blocks(2, 3);
        var good = PackedGradient.Pack([1, 2, 3, 4, 5], blocks, Draws());
        string Message(Action<byte[]> spoil)
        {
            var bytes = (byte[])good.Clone();
            spoil(bytes);
            return Assert.Throws<InvalidDataException>(() => PackedGradient.Unpack(bytes, blocks)).Message;
        }

        Assert.Contains("12 bytes, but 5 values in these blocks take 13", Assert.Throws<InvalidDataException>(() => PackedGradient.Unpack(good.AsSpan(0, 12), blocks)).Message, StringComparison.Ordinal);
        Assert.Contains("announces 6 values", Message(bytes => bytes[0] = 6), StringComparison.Ordinal);
        Assert.Contains("the exponent 2042", Message(bytes => (bytes[4], bytes[5]) = (0xfa, 0x07)), StringComparison.Ordinal);
        Assert.Contains("value 1 has the mantissa -128", Message(bytes => bytes[7] = 0x80), StringComparison.Ordinal);
        Assert.Contains("value 2 has the mantissa", Message(bytes => (bytes[8], bytes[9]) = (0, 0x80)), StringComparison.Ordinal);
        Assert.Contains("Value 3 is NaN", Assert.Throws<ArgumentException>(() => PackedGradient.Pack([0, 0, 0, double.NaN, 0], blocks, Draws())).Message, StringComparison.Ordinal);
        Assert.Contains("Value 4 is 1.1E+301", Assert.Throws<ArgumentException>(() => PackedGradient.Pack([0, 0, 0, 0, 1.1e301], blocks, Draws())).Message, StringComparison.Ordinal);
        Assert.Contains("4 values for blocks of 5", Assert.Throws<ArgumentException>(() => PackedGradient.Pack(new double[4], blocks, Draws())).Message, StringComparison.Ordinal);
    }
}
