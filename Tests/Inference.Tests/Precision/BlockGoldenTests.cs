using FwdLLM.Modeling.Precision;

namespace FwdLLM.Tests.Inference.Precision;

/// <summary>MatMulNBits against ONNX Runtime's own quantiser and products.</summary>
public sealed class BlockGoldenTests
{
    public static TheoryData<string> Cases => QuantGolden.Names("nbits");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Packing_equals_the_reference_bit_for_bit(string name)
    {
        using var golden = new QuantGolden("nbits", name);
        var weights = Quantize(golden);
        Assert.Equal(golden.Read<byte>("B"), weights.Values);
        Assert.Equal(golden.Read<int>("scales"), Array.ConvertAll(weights.Scales, BitConverter.SingleToInt32Bits));
        Assert.Equal(golden.Has("zero_points") ? golden.Read<byte>("zero_points") : null, weights.ZeroPoints);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_and_matrix_equal_the_reference(string name)
    {
        using var golden = new QuantGolden("nbits", name);
        var weights = Quantize(golden);
        var (exact, fast) = weights.Bits == 4 ? (WeightFormats.Int4, WeightFormats.Int4Fast) : (WeightFormats.Int8Weights, WeightFormats.Int8WeightsFast);
        using (var session = new WeightSession(exact, [], weights.Rows, weights.Columns, weights))
        {
            Golden.AssertClose(Golden.Widen(golden.Floats("y")), Golden.Widen(session.Product(golden.Floats("x"))), 5e-6);
            Golden.AssertClose(Golden.Widen(QuantGolden.Transpose(golden.Floats("dequantised"), weights.Rows)), Golden.Widen(session.Matrix()), 0);
        }

        using (var session = new WeightSession(fast, [], weights.Rows, weights.Columns, weights))
            Golden.AssertClose(Golden.Widen(golden.Floats("y_onnxruntime_accuracy_level4")), Golden.Widen(session.Product(golden.Floats("x"))), 1e-5);
    }

    [Fact]
    public void Weights_that_are_not_numbers_are_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => BlockQuantizer.Quantize([1, float.NaN], 1, 2, 4, symmetric: true));
        Assert.Contains("only finite weights", error.Message, StringComparison.Ordinal);
    }

    private static BlockWeights Quantize(QuantGolden golden)
    {
        int rows = golden.Case.GetProperty("N").GetInt32(), columns = golden.Case.GetProperty("K").GetInt32();
        return BlockQuantizer.Quantize(QuantGolden.Transpose(golden.Floats("w"), rows), rows, columns, golden.Case.GetProperty("bits").GetInt32(), golden.Case.GetProperty("symmetric").GetBoolean());
    }
}
