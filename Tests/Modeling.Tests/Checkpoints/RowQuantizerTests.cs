using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Modeling.Checkpoints;

public sealed class RowQuantizerTests
{
    [Fact]
    public void Largest_value_of_a_row_is_exact_and_a_row_of_zeros_stays_zero()
    {
        var (values, scales) = RowQuantizer.Quantize([127, -63.4f, 0, 0, 0, 0, -2, 1, 0.004f], rows: 3);
        Assert.Equal([127, -63, 0, 0, 0, 0, -127, 64, 0], values);
        Assert.Equal([127, -63, 0, 0, 0, 0, -2, 64 * (2f / 127), 0], RowQuantizer.Dequantize(values, scales));
    }

    [Fact]
    public void Denormal_rows_stay_within_the_integers() =>
        Assert.All(RowQuantizer.Quantize([float.Epsilon * 100, -float.Epsilon * 191], rows: 1).Values, value => Assert.InRange(value, -127, 127));

    [Fact]
    public void Values_that_are_not_finite_and_ragged_rows_are_refused()
    {
        Assert.Throws<ArgumentException>(() => RowQuantizer.Quantize([1, float.PositiveInfinity], rows: 1));
        Assert.Throws<ArgumentException>(() => RowQuantizer.Quantize([1, 2, 3], rows: 2));
    }
}
