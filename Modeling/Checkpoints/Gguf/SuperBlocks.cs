using System.Runtime.Intrinsics;
using static FwdLLM.Modeling.Checkpoints.Gguf.BlockArithmetic;

namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>
/// Blocks of 256 elements, in groups of 16 or 32 that have their own small scales. Layouts are given as bytes in order; d and m are
/// half-precision factors of all scales and all minimums.
/// </summary>
internal static class SuperBlocks
{
    /// <summary>
    /// 16 scale bytes (low half scale, high half minimum), 64 bytes of 2-bit integers, d, m. Elements 128 h + 32 j + i have bits
    /// 2 j of byte 32 h + i. Value: d scale q − m minimum.
    /// </summary>
    public static void DecodeQ2_K(ReadOnlySpan<byte> block, Span<float> target)
    {
        var scales = block[..16];
        var integers = block[16..80];
        var (d, m) = (Half(block[80..]), Half(block[82..]));
        for (var group = 0; group < 16; group++)
        {
            var bits = Bits(Load(integers[TwoBitByte(group)..]), TwoBitShift(group), 3);
            ScaleAndAdd(bits, d * (scales[group] & 15), -(m * (scales[group] >> 4)), target[(Lanes * group)..]);
        }
    }

    /// <summary>
    /// 32 bytes of third bits, 64 bytes of 2-bit integers as in Q2_K, 12 bytes of 6-bit scales, d. The third bit of elements
    /// 128 h + 32 j + i is bit 4 h + j of byte i. Value: d (scale − 32) (q − 4).
    /// </summary>
    public static void DecodeQ3_K(ReadOnlySpan<byte> block, Span<float> target)
    {
        var thirdBits = block[..32];
        var integers = block[32..96];
        var scales = block[96..108];
        var d = Half(block[108..]);
        for (var group = 0; group < 16; group++)
        {
            var low = Bits(Load(integers[TwoBitByte(group)..]), TwoBitShift(group), 3);
            var high = Bits(Load(thirdBits[(Lanes * (group % 2))..]), group / 2, 1) << 2;
            // Bytes 0 to 7 hold the low four bits of scales 0 to 7 and, above them, of 8 to 15; bytes 8 to 11 the high two bits.
            var scale = ((scales[group % 8] >> (4 * (group / 8))) & 15) | (((scales[8 + group % 4] >> (2 * (group / 4))) & 3) << 4);
            Scale((low | high).AsSByte() - Vector128.Create((sbyte)4), d * (scale - 32), target[(Lanes * group)..]);
        }
    }

    /// <summary>
    /// d, m, 12 bytes of scales and minimums, 128 bytes of 4-bit integers: elements 64 j + i in the low, 64 j + 32 + i in the high half
    /// of byte 32 j + i. Value: d scale q − m minimum.
    /// </summary>
    public static void DecodeQ4_K(ReadOnlySpan<byte> block, Span<float> target)
    {
        var nibbles = block[16..144];
        for (var group = 0; group < 8; group++)
        {
            var (scale, offset) = ScaleAndOffset(block, group);
            for (var half = 0; half < 32; half += Lanes)
            {
                var bits = Bits(Load(nibbles[(32 * (group / 2) + half)..]), 4 * (group % 2), 15);
                ScaleAndAdd(bits, scale, offset, target[(32 * group + half)..]);
            }
        }
    }

    /// <summary>As Q4_K, with 32 bytes of fifth bits before the 4-bit integers: bit g of byte i belongs to element 32 g + i.</summary>
    public static void DecodeQ5_K(ReadOnlySpan<byte> block, Span<float> target)
    {
        var fifthBits = block[16..48];
        var nibbles = block[48..176];
        for (var group = 0; group < 8; group++)
        {
            var (scale, offset) = ScaleAndOffset(block, group);
            for (var half = 0; half < 32; half += Lanes)
            {
                var low = Bits(Load(nibbles[(32 * (group / 2) + half)..]), 4 * (group % 2), 15);
                var high = Bits(Load(fifthBits[half..]), group, 1) << 4;
                ScaleAndAdd(low | high, scale, offset, target[(32 * group + half)..]);
            }
        }
    }

    /// <summary>
    /// 128 bytes of low four bits, 64 bytes of high two bits, 16 signed scales, d. Of elements 128 h + 32 j + i, the low bits are
    /// half j / 2 of byte 64 h + 32 (j mod 2) + i, the high bits are bits 2 j of byte 32 h + i. Value: d scale (q − 32).
    /// </summary>
    public static void DecodeQ6_K(ReadOnlySpan<byte> block, Span<float> target)
    {
        var nibbles = block[..128];
        var highBits = block[128..192];
        var scales = block[192..208];
        var d = Half(block[208..]);
        for (var group = 0; group < 16; group++)
        {
            var (half, quarter, start) = (group / 8, group / 2 % 4, Lanes * (group % 2));
            var low = Bits(Load(nibbles[(64 * half + 32 * (quarter % 2) + start)..]), 4 * (quarter / 2), 15);
            var high = Bits(Load(highBits[TwoBitByte(group)..]), TwoBitShift(group), 3) << 4;
            Scale((low | high).AsSByte() - Vector128.Create((sbyte)32), d * (sbyte)scales[group], target[(Lanes * group)..]);
        }
    }

    // Sixteen elements of two bits each: groups 2 j and 2 j + 1 of a half share shift 2 j over 32 bytes.
    private static int TwoBitByte(int group) => 32 * (group / 8) + Lanes * (group % 2);

    private static int TwoBitShift(int group) => 2 * (group / 2 % 4);

    /// <summary>
    /// The scale d s and the offset −m t of 32 elements in Q4_K and Q5_K. Of the twelve bytes b after d and m, group g &lt; 4 has its
    /// six-bit s in b[g] and t in b[g + 4]; later groups have the low four bits of s and t in the halves of b[g + 4], and their high two
    /// bits above the six-bit numbers of group g − 4.
    /// </summary>
    private static (float Scale, float Offset) ScaleAndOffset(ReadOnlySpan<byte> block, int group)
    {
        var packed = block[4..16];
        var (scale, minimum) = group < 4
            ? (packed[group] & 63, packed[group + 4] & 63)
            : ((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));
        return (Half(block) * scale, -(Half(block[2..]) * minimum));
    }
}
