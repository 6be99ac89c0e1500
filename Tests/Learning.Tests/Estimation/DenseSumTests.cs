using CsCheck;
using FwdLLM.Learning.Estimation;

namespace FwdLLM.Learning.Tests.Estimation;

public sealed class DenseSumTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    [InlineData(-3.25)]
    [InlineData(1.0 / 3)]
    [InlineData(-1e-6)]
    [InlineData(123456789.123456789)]
    [InlineData(1L << 35)]
    public void ToDoubles_of_one_value_returns_it_within_the_resolution(double value)
    {
        var sum = new DenseSum(1);
        sum.Add([value]);
        Assert.Equal(value, sum.ToDoubles()[0], Math.Max(Math.Pow(2, -65), Math.Abs(value) * Math.Pow(2, -53)));
    }

    [Fact]
    public void ToDoubles_of_a_value_and_its_opposite_is_exactly_zero()
    {
        Gen.Double[-1e9, 1e9].Sample(
            value =>
            {
                var sum = new DenseSum(1);
                sum.Add([value]);
                sum.Add([1e10]);
                sum.Add([-value]);
                sum.Add([-1e10]);
                return sum.ToDoubles()[0] == 0;
            },
            iter: 500);
    }

    [Fact]
    public void Add_in_any_order_and_grouping_gives_the_same_bytes()
    {
        Gen.Select(Gen.Double[-1e6, 1e6].Array[3].Array[1, 20], Gen.Int[1, 5]).Sample(
            (vectors, groups) =>
            {
                var forward = new DenseSum(3);
                foreach (var vector in vectors) forward.Add(vector);
                var parts = Enumerable.Range(0, groups).Select(_ => new DenseSum(3)).ToArray();
                for (var i = vectors.Length - 1; i >= 0; i--) parts[i % groups].Add(vectors[i]);
                var merged = new DenseSum(3);
                foreach (var part in parts) merged.Merge(part);
                return Bytes.Of(forward.Write).AsSpan().SequenceEqual(Bytes.Of(merged.Write));
            },
            iter: 300);
    }

    [Fact]
    public void AddScaled_equals_Add_of_the_exact_products()
    {
        var (scaled, added) = (new DenseSum(4), new DenseSum(4));
        float[] direction = [1.1f, -2.3e-5f, 0, 3e6f];
        scaled.AddScaled(direction, -0.7f);
        added.Add([.. direction.Select(x => (double)x * -0.7f)]);
        Assert.Equal(Bytes.Of(added.Write), Bytes.Of(scaled.Write));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-3.5e10)]
    public void Add_of_a_value_out_of_range_is_refused_and_changes_nothing(double value)
    {
        var sum = new DenseSum(2);
        Assert.Throws<ArgumentException>(() => sum.Add([5, value]));
        Assert.Equal([0, 0], sum.ToDoubles());
        Assert.Equal(0, sum.Count);
    }

    [Fact]
    public void Read_returns_what_Write_wrote_and_refuses_damage()
    {
        var sum = new DenseSum(5);
        sum.Add([1, -2, 0.1, -1e9, 1e-12]);
        var bytes = Bytes.Of(sum.Write);
        Assert.Equal(sum.ToDoubles(), Bytes.Read(bytes, DenseSum.Read).ToDoubles());
        Assert.Equal(bytes, Bytes.Of(Bytes.Read(bytes, DenseSum.Read).Write));
        Bytes.EveryCutIsRefused(bytes, DenseSum.Read);
        bytes[31] = 0x7f;
        Assert.Contains("cannot pass", Assert.Throws<InvalidDataException>(() => Bytes.Read(bytes, DenseSum.Read)).Message, StringComparison.Ordinal);
    }
}
