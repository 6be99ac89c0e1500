using FwdLLM.Learning.Estimation;

namespace FwdLLM.Learning.Tests.Estimation;

public sealed class FixedPointScalarTests
{
    [Theory]
    [InlineData(1.5f, 0, 2)]
    [InlineData(2.5f, 0, 2)]
    [InlineData(-0.75f, 2, -3)]
    [InlineData(1e9f, 10, FixedPointScalar.Limit)]
    [InlineData(-1e9f, 10, -FixedPointScalar.Limit)]
    [InlineData(4096f, -12, 1)]
    [InlineData(float.MaxValue, 200, FixedPointScalar.Limit)]
    public void Quantise_rounds_to_even_and_clamps(float s, int exponent, int expected) =>
        Assert.Equal(expected, FixedPointScalar.Quantise(s, exponent));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Quantise_of_something_not_finite_is_refused(float s) =>
        Assert.Throws<ArgumentException>(() => FixedPointScalar.Quantise(s, 10));

    [Fact]
    public void Restore_undoes_Quantise_within_half_a_unit()
    {
        for (var s = -40f; s < 40; s += 0.37f)
            Assert.Equal(s, FixedPointScalar.Restore(FixedPointScalar.Quantise(s, 14), 14), 0.5 / (1 << 14));
    }
}
