using FwdLLM.Inference;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Tests.Inference.Precision;

public sealed class Int8ProductTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(-1, 1)]
    [InlineData(1, -1)]
    [InlineData(-1, -1)]
    public void Extremes_do_not_saturate_in_the_form_for_this_cpu_nor_in_the_one_for_all(float input, float weight)
    {
        Check(IntegerKernels.SignedWeightsSaturate);
        Check(isUnsigned: true);

        void Check(bool isUnsigned)
        {
            const int Columns = 96, Rows = 5;
            using var session = new WeightSession(WeightFormats.Int8, Filled(Rows * Columns, weight), Rows, Columns, isUnsigned: isUnsigned);
            Golden.AssertClose(Golden.Widen(Filled(2 * Rows, input * weight * Columns)), Golden.Widen(session.Product(Filled(2 * Columns, input))), 1e-4);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Product_is_the_exact_product_of_rounded_rows_and_rounded_weights(bool isUnsigned)
    {
        Assert.SkipWhen(!isUnsigned && IntegerKernels.SignedWeightsSaturate, "This CPU has no VNNI, so signed weights are wrong on it.");
        const int Columns = 70, Rows = 9;
        var (x, w) = (TinyBert.Values(6 * Columns, 1, 1), TinyBert.Values(Rows * Columns, 1, 2));
        using var session = new WeightSession(WeightFormats.Int8, w, Rows, Columns, isUnsigned: isUnsigned);
        var (roundedX, roundedW) = (Rounded(x, Columns, 127), Rounded(w, Columns, Int8Format.WeightLimit));
        var expected = new double[6 * Rows];
        for (var m = 0; m < 6; m++)
            for (var n = 0; n < Rows; n++)
                for (var k = 0; k < Columns; k++)
                    expected[m * Rows + n] += roundedX[m * Columns + k] * roundedW[n * Columns + k];
        Golden.AssertClose(expected, Golden.Widen(session.Product(x)), 1e-5);
        if (!isUnsigned) // The reverse pass reads the signed bytes, which this session's file no longer has.
            Golden.AssertClose(roundedW, Golden.Widen(session.Matrix()), 1e-7);
    }

    [Fact]
    public void Rows_are_rounded_apart_and_a_row_of_zeros_stays_zero()
    {
        const int Columns = 32, Rows = 4;
        var w = TinyBert.Values(Rows * Columns, 1, 2);
        using var session = new WeightSession(WeightFormats.Int8, w, Rows, Columns, isUnsigned: IntegerKernels.SignedWeightsSaturate);
        var row = TinyBert.Values(Columns, 1, 3);
        var alone = session.Product(row);
        var among = session.Product([.. TinyBert.Values(Columns, 1e4f, 4), .. row, .. new float[Columns]]);
        Assert.Equal(alone, among[Rows..(2 * Rows)]);
        Assert.All(among[(2 * Rows)..], value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(WeightFormats.Int8, 1.1)]
    [InlineData(WeightFormats.Int8Weights, 1.2)]
    [InlineData(WeightFormats.Int4, 0.7)]
    public void Formats_take_their_bytes_per_weight(string format, double bytes)
    {
        using var session = new WeightSession(format, TinyBert.Values(64 * 128, 1, 5), 64, 128);
        Assert.InRange(session.Length, 1, bytes * 64 * 128);
    }

    /// <summary>Half away from the even neighbour never occurs for random values, so any rounding to nearest will do.</summary>
    private static double[] Rounded(float[] values, int columns, int limit)
    {
        var result = new double[values.Length];
        for (var row = 0; row < values.Length / columns; row++)
        {
            var part = values.AsSpan(row * columns, columns);
            var scale = 0f;
            foreach (var value in part)
                scale = Math.Max(scale, Math.Abs(value) / limit);
            for (var column = 0; column < columns; column++)
                result[row * columns + column] = Math.Round(part[column] / scale) * scale;
        }

        return result;
    }

    private static float[] Filled(int count, float value)
    {
        var values = new float[count];
        Array.Fill(values, value);
        return values;
    }
}
