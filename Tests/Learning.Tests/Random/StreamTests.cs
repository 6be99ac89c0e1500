using System.Globalization;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Random;

public sealed class StreamTests
{
    private static readonly StreamKey Key = StreamKey.FromSeed(1, "test vectors");
    private static readonly DirectionAddress Address = new(7, 11, 13);

    [Fact]
    public void StreamKey_of_a_seed_equals_its_fixed_vector() =>
        Assert.Equal("463ab5814e668b2bba281d3d462e9d417f31c1aea9379be48687a03efd5a1b72", string.Create(CultureInfo.InvariantCulture, $"{Key.K0:x16}{Key.K1:x16}{Key.K2:x16}{Key.K3:x16}"));

    [Fact]
    public void StreamKey_differs_by_seed_and_by_purpose()
    {
        Assert.NotEqual(Key, StreamKey.FromSeed(2, "test vectors"));
        Assert.NotEqual(Key, StreamKey.FromSeed(1, "test vector"));
    }

    [Fact]
    public void Rademacher_equals_its_fixed_vector()
    {
        var direction = new float[640];
        RademacherStream.Fill(Key, Address, direction);
        Assert.Equal("cebab58bd44d325c7c113657a1ef6cf80a13cab4d582bd8026e7f7713d904684fe2fc2f7c95dd7e5d2be3abb17905d077add5090b10f2e6316097d161e2be3f34c3499cadd396cdabc86686c92d77928", Signs(direction));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(513)]
    [InlineData(8191)]
    [InlineData(20003)]
    public void Rademacher_coordinate_is_its_bit_of_the_stream(int dimension)
    {
        var direction = new float[dimension];
        RademacherStream.Fill(Key, Address, direction);
        var words = new uint[(dimension + 511) / 512 * 16];
        ChaCha8.Blocks(Key, Address, 0, words, 8, SimdLevel.Scalar);
        for (var i = 0; i < dimension; i++)
            Assert.Equal((words[i / 512 * 16 + i % 512 / 32] & (1u << (i % 32))) == 0 ? 1f : -1f, direction[i]);
    }

    [Fact]
    public void Rademacher_scaled_multiplies_each_coordinate()
    {
        var (plain, scaled, scale) = (new float[700], new float[700], new float[700]);
        for (var i = 0; i < scale.Length; i++) scale[i] = i * 0.25f;
        RademacherStream.Fill(Key, Address, plain);
        RademacherStream.FillScaled(Key, Address, scale, scaled);
        for (var i = 0; i < scale.Length; i++) Assert.Equal(plain[i] * scale[i], scaled[i]);
    }

    [Fact]
    public void Gaussian_follows_its_documented_layout()
    {
        var direction = new float[1001];
        GaussianStream.Fill(Key, Address, direction);
        var words = new uint[(1001 + 7) / 8 * 16];
        ChaCha8.Blocks(Key, Address, 0, words, 8, SimdLevel.Scalar);
        for (var i = 0; i < direction.Length; i++)
        {
            var at = i / 2 * 4;
            var u = ((((ulong)words[at + 1] << 32) + words[at]) / 2048 + 1) / 9007199254740992.0;
            var t = (((ulong)words[at + 3] << 32) + words[at + 2]) / 2048 / 9007199254740992.0;
            var radius = Math.Sqrt(-2 * Math.Log(u));
            Assert.Equal(i % 2 == 0 ? radius * Math.Cos(2 * Math.PI * t) : radius * Math.Sin(2 * Math.PI * t), direction[i], 1e-6);
        }
    }

    [Fact]
    public void Gaussian_equals_its_fixed_vector()
    {
        var direction = new float[4];
        GaussianStream.Fill(Key, Address, direction);

        // The last bit follows the platform's logarithm and sine, so values are compared, not bits.
        double[] expected = [1.40453878, -0.264161632, -1.16605185, -0.122816596];
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], direction[i], 1e-6);
    }

    [Fact]
    public void Gaussian_has_mean_0_variance_1_and_kurtosis_3()
    {
        const int N = 200_000;
        var direction = new float[N];
        GaussianStream.Fill(Key, Address, direction);
        double first = 0, second = 0, fourth = 0;
        foreach (var value in direction)
        {
            first += value;
            second += (double)value * value;
            fourth += Math.Pow(value, 4);
        }

        // Five standard errors: 1, sqrt 2 and sqrt 96 over sqrt N.
        Assert.InRange(first / N, -5 / Math.Sqrt(N), 5 / Math.Sqrt(N));
        Assert.InRange(second / N - 1, -5 * Math.Sqrt(2.0 / N), 5 * Math.Sqrt(2.0 / N));
        Assert.InRange(fourth / N - 3, -5 * Math.Sqrt(96.0 / N), 5 * Math.Sqrt(96.0 / N));
    }

    internal static string Signs(ReadOnlySpan<float> direction)
    {
        var bytes = new byte[direction.Length / 8];
        for (var i = 0; i < direction.Length; i++)
            if (direction[i] < 0)
                bytes[i / 8] |= (byte)(1 << (i % 8));
        return Convert.ToHexStringLower(bytes);
    }
}
