using CsCheck;
using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Estimation;

public sealed class SignedSumTests
{
    private static readonly StreamKey Key = StreamKey.FromSeed(3, "signed sum tests");

    /// <summary>Straight from the definition: float directions times scalars, in 64-bit integers.</summary>
    private static long[] Defined(int dimension, DirectionAddress[] addresses, int[] scalars)
    {
        var sums = new long[dimension];
        var direction = new float[dimension];
        for (var k = 0; k < addresses.Length; k++)
        {
            RademacherStream.Fill(Key, addresses[k], direction);
            for (var i = 0; i < dimension; i++) sums[i] += (long)direction[i] * scalars[k];
        }

        return sums;
    }

    private static (DirectionAddress[] Addresses, int[] Scalars) Contributions(int count, int bound)
    {
        var random = new CounterRandom(Key, new DirectionAddress(99, 0, (uint)count));
        var addresses = Enumerable.Range(0, count).Select(k => new DirectionAddress(4, (uint)k / 5, (uint)k % 5)).ToArray();
        return (addresses, [.. addresses.Select(_ => random.Next(2 * bound + 1) - bound)]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(31, 3)]
    [InlineData(511, 13)]
    [InlineData(513, 16)]
    [InlineData(2_304, 37)]
    [InlineData(8_191, 12)]
    [InlineData(8_193, 17)]
    [InlineData(13_001, 50)]
    public void Add_on_every_path_equals_the_definition(int dimension, int count)
    {
        var (addresses, scalars) = Contributions(count, FixedPointScalar.Limit);
        var expected = Defined(dimension, addresses, scalars);
        foreach (var level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            var sum = new SignedSum(dimension);
            sum.Add(Key, addresses, scalars, level);
            Assert.Equal(expected, sum.Sums);
            Assert.Equal(count, sum.Count);
        }
    }

    [Fact]
    public void Add_of_more_than_32_bits_hold_does_not_overflow()
    {
        // 5,000 times the same direction and the largest scalar: 5.2e9 per coordinate.
        const int Count = 5_000, Dimension = 700;
        var addresses = Enumerable.Repeat(new DirectionAddress(1, 2, 3), Count).ToArray();
        var scalars = Enumerable.Repeat(FixedPointScalar.Limit, Count).ToArray();
        var direction = new float[Dimension];
        RademacherStream.Fill(Key, addresses[0], direction);
        foreach (var level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            var sum = new SignedSum(Dimension);
            sum.Add(Key, addresses, scalars, level);
            for (var i = 0; i < Dimension; i++) Assert.Equal((long)direction[i] * FixedPointScalar.Limit * Count, sum.Sums[i]);
        }
    }

    [Fact]
    public void Add_in_any_order_and_grouping_gives_the_same_bits() =>
        Gen.Select(Gen.Int[1, 1500], Gen.Int[1, 60], Gen.Int[1, 7], Gen.UInt).Sample(
            (dimension, count, groups, shuffle) =>
            {
                var (addresses, scalars) = Contributions(count, FixedPointScalar.Limit);
                var whole = new SignedSum(dimension);
                whole.Add(Key, addresses, scalars);

                var order = Enumerable.Range(0, count).ToArray();
                new CounterRandom(Key, new DirectionAddress(98, 0, shuffle)).Shuffle<int>(order);
                var parts = Enumerable.Range(0, groups).Select(_ => new SignedSum(dimension)).ToArray();
                foreach (var k in order) parts[(k + shuffle) % groups].Add(Key, [addresses[k]], [scalars[k]]);
                var merged = new SignedSum(dimension);
                foreach (var part in parts) merged.Merge(part);
                return whole.Sums.AsSpan().SequenceEqual(merged.Sums) && whole.Count == merged.Count;
            },
            iter: 60);

    [Fact]
    public void Add_of_a_scalar_out_of_range_is_refused_and_changes_nothing()
    {
        var sum = new SignedSum(10);
        var error = Assert.Throws<ArgumentException>(() => sum.Add(Key, [default, default], [1, FixedPointScalar.Limit + 1]));
        Assert.Contains("1048577", error.Message, StringComparison.Ordinal);
        Assert.All(sum.Sums, x => Assert.Equal(0, x));
        Assert.Equal(0, sum.Count);
    }

    [Fact]
    public void Read_returns_what_Write_wrote_and_refuses_damage()
    {
        var (addresses, scalars) = Contributions(9, 1000);
        var sum = new SignedSum(777);
        sum.Add(Key, addresses, scalars);
        var bytes = Bytes.Of(sum.Write);
        var read = Bytes.Read(bytes, SignedSum.Read);
        Assert.Equal(sum.Sums, read.Sums);
        Assert.Equal(sum.Count, read.Count);
        Assert.Equal(bytes, Bytes.Of(read.Write));
        Bytes.EveryCutIsRefused(bytes, SignedSum.Read);

        var huge = (byte[])bytes.Clone();
        huge.AsSpan(4, 4).Fill(0x7f);
        Assert.Contains("announced", Assert.Throws<InvalidDataException>(() => Bytes.Read(huge, SignedSum.Read)).Message, StringComparison.Ordinal);
        var wild = (byte[])bytes.Clone();
        wild.AsSpan(16, 8).Fill(0x7f);
        Assert.Contains("cannot pass", Assert.Throws<InvalidDataException>(() => Bytes.Read(wild, SignedSum.Read)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Estimate_converges_to_the_gradient_at_the_root_n_rate()
    {
        // E|mean - g|^2 = (d - 1)|g|^2/N. Its relative standard deviation is about sqrt(2/d + 2/N): 6.3 % at N = 1,024, so 3.2 % of the
        // error, 2.3 % at 16 N, and 3.9 % of their ratio. The bounds are five of these.
        const int Dimension = 1000, N = 1024;
        var g = new float[Dimension];
        GaussianStream.Fill(Key, new DirectionAddress(50, 0, 0), g);
        var square = g.Sum(x => (double)x * x);
        var (few, many) = (Error(N), Error(16 * N));
        Assert.InRange(few * few * N / ((Dimension - 1) * square), 0.685, 1.315);
        Assert.InRange(many * many * 16 * N / ((Dimension - 1) * square), 0.77, 1.23);
        Assert.InRange(few / many, 4 * 0.8, 4 * 1.2);

        double Error(int probes)
        {
            const int Exponent = 12;
            var addresses = Enumerable.Range(0, probes).Select(k => new DirectionAddress(51, 0, (uint)k)).ToArray();
            var direction = new float[Dimension];
            var scalars = new int[probes];
            for (var k = 0; k < probes; k++)
            {
                RademacherStream.Fill(Key, addresses[k], direction);
                var s = 0.0;
                for (var i = 0; i < Dimension; i++) s += (double)direction[i] * g[i];
                scalars[k] = FixedPointScalar.Quantise((float)s, Exponent);
            }

            var sum = new SignedSum(Dimension);
            sum.Add(Key, addresses, scalars);
            return Math.Sqrt(g.Select((x, i) => Math.Pow(FixedPointScalar.Restore(sum.Sums[i], Exponent) / probes - x, 2)).Sum());
        }
    }
}
