using System.Buffers.Binary;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Random;

public sealed class ChaCha8Tests
{
    private static readonly SimdLevel[] Levels = [.. Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported)];

    [Fact]
    public void Blocks_with_20_rounds_equal_the_vector_of_RFC_8439()
    {
        var key = new StreamKey(0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x1716151413121110, 0x1f1e1d1c1b1a1918);
        var address = new DirectionAddress(0x09000000, 0x4a000000, 0);
        foreach (var level in Levels)
        {
            // Sixteen blocks before and after, so that the wide paths are taken; the vector is block 1.
            var words = new uint[17 * 16];
            ChaCha8.Blocks(key, address, 1, words, 20, level);
            Assert.Equal("10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e", Hex(words.AsSpan(0, 16)));
        }
    }

    [Fact]
    public void Blocks_with_8_rounds_equal_the_published_zero_key_vector()
    {
        foreach (var level in Levels)
        {
            var words = new uint[32 * 16];
            ChaCha8.Blocks(default, default, 0, words, 8, level);
            Assert.Equal(
                "3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e984ce172b9216f419f445367456d5619314a42a3da86b001387bfdb80e0cfe42" +
                "d2aefa0deaa5c151bf0adb6c01f2a5adc0fd581259f9a2aadcf20f8fd566a26b5032ec38bbc5da98ee0c6f568b872a65a08abf251deb21bb4b56e5d8821e68aa",
                Hex(words.AsSpan(0, 32)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(31)]
    [InlineData(45)]
    public void Blocks_on_every_path_equal_the_plain_path(int count)
    {
        var key = StreamKey.FromSeed(5, "paths");
        var address = new DirectionAddress(0xffffffff, 0x80000001, 12345);
        var expected = new uint[count * 16];
        ChaCha8.Blocks(key, address, 0xfffffff0 - (uint)count, expected, 8, SimdLevel.Scalar);
        foreach (var level in Levels)
        {
            var words = new uint[count * 16];
            ChaCha8.Blocks(key, address, 0xfffffff0 - (uint)count, words, 8, level);
            Assert.Equal(expected, words);
        }
    }

    [Fact]
    public void Blocks_past_the_counter_are_refused()
    {
        var words = new uint[32];
        var error = Assert.Throws<ArgumentException>(() => ChaCha8.Blocks(default, default, uint.MaxValue, words));
        Assert.Contains("4294967295", error.Message, StringComparison.Ordinal);
    }

    private static string Hex(ReadOnlySpan<uint> words)
    {
        var bytes = new byte[words.Length * 4];
        for (var i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * i), words[i]);
        return Convert.ToHexStringLower(bytes);
    }
}
