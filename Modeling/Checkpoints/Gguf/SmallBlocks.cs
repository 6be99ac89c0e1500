using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using static FwdLLM.Modeling.Checkpoints.Gguf.BlockArithmetic;

namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>Blocks of 32 elements. Layouts: <see cref="GgufTensorType"/>.</summary>
internal static class SmallBlocks
{
    private const byte Nibble = 0x0F;

    public static void DecodeQ4_0(ReadOnlySpan<byte> block, Span<float> target)
    {
        var scale = Half(block);
        var nibbles = Load(block[2..]);
        var zero = Vector128.Create((sbyte)8);
        Scale(Bits(nibbles, 0, Nibble).AsSByte() - zero, scale, target);
        Scale(Bits(nibbles, 4, Nibble).AsSByte() - zero, scale, target[Lanes..]);
    }

    public static void DecodeQ4_1(ReadOnlySpan<byte> block, Span<float> target)
    {
        var (scale, minimum) = (Half(block), Half(block[2..]));
        var nibbles = Load(block[4..]);
        ScaleAndAdd(Bits(nibbles, 0, Nibble), scale, minimum, target);
        ScaleAndAdd(Bits(nibbles, 4, Nibble), scale, minimum, target[Lanes..]);
    }

    public static void DecodeQ5_0(ReadOnlySpan<byte> block, Span<float> target)
    {
        var scale = Half(block);
        var fifthBits = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        var nibbles = Load(block[6..]);
        var zero = Vector128.Create((sbyte)16);
        Scale((Bits(nibbles, 0, Nibble) | FifthBits(fifthBits)).AsSByte() - zero, scale, target);
        Scale((Bits(nibbles, 4, Nibble) | FifthBits(fifthBits >> Lanes)).AsSByte() - zero, scale, target[Lanes..]);
    }

    public static void DecodeQ5_1(ReadOnlySpan<byte> block, Span<float> target)
    {
        var (scale, minimum) = (Half(block), Half(block[2..]));
        var fifthBits = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        var nibbles = Load(block[8..]);
        ScaleAndAdd(Bits(nibbles, 0, Nibble) | FifthBits(fifthBits), scale, minimum, target);
        ScaleAndAdd(Bits(nibbles, 4, Nibble) | FifthBits(fifthBits >> Lanes), scale, minimum, target[Lanes..]);
    }

    public static void DecodeQ8_0(ReadOnlySpan<byte> block, Span<float> target)
    {
        var scale = Half(block);
        Scale(Load(block[2..]).AsSByte(), scale, target);
        Scale(Load(block[(2 + Lanes)..]).AsSByte(), scale, target[Lanes..]);
    }

    /// <summary>16 in every lane whose bit is set: the lowest bit belongs to the first lane.</summary>
    private static Vector128<byte> FifthBits(uint bits)
    {
        var lane = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
        var spread = Vector128.Create(Vector64.Create((byte)bits), Vector64.Create((byte)(bits >> 8)));
        return Vector128.Equals(spread & lane, lane) & Vector128.Create((byte)16);
    }
}
