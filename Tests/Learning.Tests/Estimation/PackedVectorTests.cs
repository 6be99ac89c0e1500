using CsCheck;
using FwdLLM.Learning.Estimation;

namespace FwdLLM.Learning.Tests.Estimation;

public sealed class PackedVectorTests
{
    [Fact]
    public void Pack_equals_its_fixed_vector() =>
        Assert.Equal("0300000001000040" + "00a0" + "0100", Convert.ToHexStringLower(PackedVector.Pack([1, -1.5, 1.0 / 16384])));

    [Fact]
    public void Unpack_returns_values_within_2_to_the_minus_15_of_their_blocks_largest()
    {
        var values = Gen.Select(Gen.Double[-1, 1], Gen.Int[-300, 300], (m, e) => m * Math.Pow(10, e)).Array[0, 700];
        values.Sample(
            x =>
            {
                var bytes = PackedVector.Pack(x);
                var y = PackedVector.Unpack(bytes, x.Length);
                return bytes.Length == PackedVector.PackedLength(x.Length)
                    && x.Select((value, i) => Math.Abs(value - y[i]) <= Math.Pow(2, -15) * x.Chunk(256).ElementAt(i / 256).Max(Math.Abs)).All(ok => ok);
            },
            iter: 100);
    }

    [Theory]
    [InlineData(double.MaxValue)]
    [InlineData(-double.MaxValue)]
    [InlineData(double.Epsilon)]
    [InlineData(0.99999999)]
    [InlineData(0.0)]
    public void Unpack_of_extreme_values_stays_close_and_finite(double value)
    {
        var read = PackedVector.Unpack(PackedVector.Pack([value]), 1)[0];
        Assert.True(double.IsFinite(read));
        Assert.True(Math.Abs(read - value) <= Math.Abs(value) / 32768);
    }

    [Fact]
    public void Pack_of_packed_values_is_stable()
    {
        var values = Enumerable.Range(0, 1000).Select(i => Math.Sin(i) * Math.Exp(i % 19)).ToArray();
        var bytes = PackedVector.Pack(values);
        Assert.Equal(bytes, PackedVector.Pack(PackedVector.Unpack(bytes, 1000)));
    }

    [Fact]
    public void Pack_of_something_not_finite_is_refused() =>
        Assert.Contains("Value 300", Assert.Throws<ArgumentException>(() => PackedVector.Pack([.. new double[300], double.NaN])).Message, StringComparison.Ordinal);

    [Fact]
    public void Unpack_of_another_length_count_exponent_or_mantissa_is_refused()
    {
        var good = PackedVector.Pack([1, 2, 3]);
        Refused("bytes", good[..^1], 3);
        Refused("bytes", [], 3);
        Refused("announces", Changed(0, 4), 3);
        Refused("exponent 16383", Changed(5, 0x3f, 4, 0xff), 3);
        Refused("mantissa -32768", Changed(6, 0, 7, 0x80), 3);
        Refused("mantissa", Changed(4, 0, 5, 0x80), 3); // block of zeros with a value

        byte[] Changed(params int[] pairs)
        {
            var bytes = (byte[])good.Clone();
            for (var i = 0; i < pairs.Length; i += 2) bytes[pairs[i]] = (byte)pairs[i + 1];
            return bytes;
        }

        static void Refused(string part, byte[] bytes, int count) =>
            Assert.Contains(part, Assert.Throws<InvalidDataException>(() => PackedVector.Unpack(bytes, count)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unpack_of_random_bytes_gives_finite_values_or_is_refused() =>
        Gen.Byte.Array[PackedVector.PackedLength(5)].Sample(
            bytes =>
            {
                new byte[] { 5, 0, 0, 0 }.CopyTo(bytes, 0);
                bytes[5] = (byte)(bytes[5] % 3);
                try
                {
                    return PackedVector.Unpack(bytes, 5).All(double.IsFinite);
                }
                catch (InvalidDataException)
                {
                    return true;
                }
            },
            iter: 2000);
}
