using System.Runtime.InteropServices;
using System.Text.Json;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Tests.Inference.Precision;

/// <summary>GGUF blocks moved into MatMulNBits against what gguf's own library dequantises.</summary>
public sealed class GgufBlocksTests
{
    private delegate BlockWeights Reader(ReadOnlySpan<byte> blocks, int rows, int columns);

    [Theory]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q8_0")]
    public void Blocks_keep_their_values_without_rounding_again(string type)
    {
        var (raw, values) = Case(type);
        var columns = BlockWeights.BlockSize;
        var rows = values.Length / columns;
        var blocks = Read(type)(raw, rows, columns);
        using var session = new WeightSession(blocks.Bits == 4 ? WeightFormats.Int4 : WeightFormats.Int8Weights, [], rows, columns, blocks);
        // −m/d is rounded once: a few units in the last place of the largest element. The other types move exactly.
        var tolerance = type == "Q4_1" ? 1e-6 : 0;
        var matrix = session.Matrix();
        var x = TinyBert.Values(columns, 1, 1);
        var product = session.Product(x);
        for (var row = 0; row < rows; row++)
        {
            var expected = values.AsSpan(row * columns, columns);
            double largest = 0, sum = 0;
            for (var column = 0; column < columns; column++)
                (largest, sum) = (Math.Max(largest, Math.Abs(expected[column])), sum + (double)expected[column] * x[column]);
            Golden.AssertClose(Golden.Widen(expected), Golden.Widen(matrix.AsSpan(row * columns, columns)), tolerance * largest);
            Golden.AssertClose([sum], [product[row]], 1e-5 * largest);
        }
    }

    [Fact]
    public void A_block_of_one_value_keeps_it()
    {
        var block = new byte[20];
        BitConverter.TryWriteBytes(block.AsSpan(2), (Half)(-1.5f));
        using var session = new WeightSession(WeightFormats.Int4, [], 1, 32, GgufBlocks.FromQ4_1(block, 1, 32));
        Assert.All(session.Matrix(), value => Assert.Equal(-1.5f, value));
    }

    [Fact]
    public void Rows_can_be_put_in_another_order()
    {
        var (raw, _) = Case("Q4_1");
        var weights = GgufBlocks.FromQ4_1(raw.AsSpan(0, 60), 3, 32);
        var turned = weights.WithRows([2, 0, 1]);
        Assert.Equal(GgufBlocks.FromQ4_1([.. raw[40..60], .. raw[..40]], 3, 32).Values, turned.Values);
        Assert.Equal([weights.Scales[2], weights.Scales[0], weights.Scales[1]], turned.Scales);
        Assert.Throws<ArgumentException>(() => weights.WithRows([0, 1]));
    }

    [Theory]
    [InlineData("Q4_0", 18, 1, 31)]
    [InlineData("Q4_1", 19, 1, 32)]
    [InlineData("Q8_0", 34, 2, 32)]
    [InlineData("Q8_0", 34, int.MaxValue, 2147483616)]
    public void Blocks_that_do_not_fit_are_refused(string type, int bytes, int rows, int columns) =>
        Assert.Throws<ArgumentException>(() => Read(type)(new byte[bytes], rows, columns));

    private static Reader Read(string type) => type switch
    {
        "Q4_0" => GgufBlocks.FromQ4_0,
        "Q4_1" => GgufBlocks.FromQ4_1,
        _ => GgufBlocks.FromQ8_0,
    };

    private static (byte[] Raw, float[] Values) Case(string type)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("gguf", "blocks.json")));
        var item = document.RootElement.GetProperty("cases").EnumerateArray().First(item => item.GetProperty("type").GetString() == type);
        return (item.GetProperty("raw_b64").GetBytesFromBase64(), MemoryMarshal.Cast<byte, float>(item.GetProperty("dequantised_f32_b64").GetBytesFromBase64()).ToArray());
    }
}
