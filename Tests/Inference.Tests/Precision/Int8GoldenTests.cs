using System.Globalization;
using FwdLLM.Inference;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;
using Microsoft.ML.OnnxRuntime;

namespace FwdLLM.Tests.Inference.Precision;

/// <summary>Integer products against exact ones, and against what saturating kernels make of signed weights.</summary>
public sealed class Int8GoldenTests
{
    public static TheoryData<string> Cases => QuantGolden.Names("dynamic");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Packing_equals_the_reference_bit_for_bit(string name)
    {
        using var golden = new QuantGolden("dynamic", name);
        var (columns, rows) = Sizes(golden);
        var (values, scales) = Int8Format.Pack(QuantGolden.Transpose(golden.Floats("w"), rows), rows, columns, name == "reduce_range" ? 64 : Int8Format.WeightLimit);
        Assert.Equal(golden.Read<sbyte>("wq"), values);
        Assert.Equal(golden.Read<int>("w_scale"), Array.ConvertAll(scales, BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Unsigned_weights_around_128_give_exact_integers_on_this_cpu(string name)
    {
        using var golden = new QuantGolden("dynamic", name);
        var sums = Accumulate(golden, golden.Read<sbyte>("wq"), signed: false);
        Assert.Equal(golden.Read<int>("acc"), sums);
        var (x, w) = (golden.Floats("x_scale")[0], golden.Floats("w_scale"));
        Assert.Equal(golden.Floats("y"), sums.Select((sum, index) => sum * (x * w[index % w.Length])));
    }

    /// <summary>What the session builder believes of this CPU is what its kernels do.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Signed_weights_saturate_where_the_cpu_is_said_to(string name)
    {
        using var golden = new QuantGolden("dynamic", name);
        Assert.Equal(golden.Read<int>(IntegerKernels.SignedWeightsSaturate ? "acc_onnxruntime" : "acc"), Accumulate(golden, golden.Read<sbyte>("wq"), signed: true));
    }

    /// <summary>Why weights are read as unsigned on such CPUs: clipping each sum of two products to 16 bits reproduces what the reference machine, without VNNI, returned.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Saturated_pairs_explain_what_a_cpu_without_vnni_returns_for_signed_weights(string name)
    {
        using var golden = new QuantGolden("dynamic", name);
        var (columns, rows) = Sizes(golden);
        var (x, w, zero) = (golden.Read<byte>("xq"), golden.Read<sbyte>("wq"), golden.Read<byte>("x_zero_point")[0]);
        var expected = golden.Read<int>("acc_onnxruntime");
        for (var index = 0; index < expected.Length; index++)
        {
            var (m, n, sum) = (index / rows, index % rows, 0);
            for (var k = 0; k < columns; k += 2)
                sum += Math.Clamp(Term(k) + (k + 1 < columns ? Term(k + 1) : 0), short.MinValue, short.MaxValue);
            Assert.Equal(expected[index], sum - zero * Enumerable.Range(0, columns).Sum(k => w[k * rows + n]));

            int Term(int k) => x[m * columns + k] * w[k * rows + n];
        }
    }

    private static (int Columns, int Rows) Sizes(QuantGolden golden) => (golden.Case.GetProperty("K").GetInt32(), golden.Case.GetProperty("N").GetInt32());

    /// <summary>MatMulInteger of the reference's rounded input, with its weights as constants, as a compiled model has them.</summary>
    private static int[] Accumulate(QuantGolden golden, sbyte[] weights, bool signed)
    {
        var (columns, rows) = Sizes(golden);
        using var folder = new TemporaryFolder();
        using (var file = new WeightFile(folder.File("weights.bin")))
        {
            if (signed)
                file.Add("w", weights, columns, rows);
            else
                file.Add("w", Array.ConvertAll(weights, value => (byte)(value + 128)), columns, rows);
            var g = new GraphBuilder("integers", file);
            List<string> inputs = [g.Input("x", ElementType.UInt8, "rows", columns), g.Weight("w"), g.Input("zero", ElementType.UInt8)];
            if (!signed)
                inputs.Add(g.Byte(128));
            g.Output("sums", g.Node("Cast", [g.Node("MatMulInteger", inputs)], ("to", (int)ElementType.Float32)), "rows", rows);
            File.WriteAllBytes(folder.File("integers.onnx"), g.ToBytes());
        }

        using var session = new InferenceSession(folder.File("integers.onnx"));
        using var options = new RunOptions();
        var input = golden.Read<byte>("xq");
        using var x = OrtValue.CreateTensorValueFromMemory(input, [input.Length / columns, columns]);
        using var zero = OrtValue.CreateTensorValueFromMemory(golden.Read<byte>("x_zero_point"), []);
        using var outputs = session.Run(options, ["x", "zero"], [x, zero], ["sums"]);
        // The sums stay below 2^24: floats hold them exactly.
        return Array.ConvertAll(outputs[0].GetTensorDataAsSpan<float>().ToArray(), value => Convert.ToInt32(value, CultureInfo.InvariantCulture));
    }
}
