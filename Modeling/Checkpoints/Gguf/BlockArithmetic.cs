using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>What all block formats come down to: sixteen small integers times a scale, plus an offset in some.</summary>
internal static class BlockArithmetic
{
    /// <summary>Integers that are unpacked and scaled at once.</summary>
    public const int Lanes = 16;

    public static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    public static Vector128<byte> Load(ReadOnlySpan<byte> bytes) => Vector128.Create(bytes[..Lanes]);

    /// <summary>Every byte shifted down and masked.</summary>
    public static Vector128<byte> Bits(Vector128<byte> bytes, int shift, byte mask) => (bytes >>> shift) & Vector128.Create(mask);

    /// <summary>target = scale q; not scale q + 0, which would turn −0 into 0.</summary>
    public static void Scale(Vector128<sbyte> integers, float scale, Span<float> target)
    {
        var (a, b, c, d) = Widen(integers);
        (a * scale).CopyTo(target);
        (b * scale).CopyTo(target[4..]);
        (c * scale).CopyTo(target[8..]);
        (d * scale).CopyTo(target[12..]);
    }

    /// <summary>target = scale q + offset, rounded after each of the two steps as the reference does, so not fused.</summary>
    public static void ScaleAndAdd(Vector128<byte> integers, float scale, float offset, Span<float> target)
    {
        var (a, b, c, d) = Widen(integers.AsSByte());
        var add = Vector128.Create(offset);
        (a * scale + add).CopyTo(target);
        (b * scale + add).CopyTo(target[4..]);
        (c * scale + add).CopyTo(target[8..]);
        (d * scale + add).CopyTo(target[12..]);
    }

    private static (Vector128<float> A, Vector128<float> B, Vector128<float> C, Vector128<float> D) Widen(Vector128<sbyte> integers)
    {
        var (low, high) = Vector128.Widen(integers);
        var (a, b) = Vector128.Widen(low);
        var (c, d) = Vector128.Widen(high);
        return (Vector128.ConvertToSingle(a), Vector128.ConvertToSingle(b), Vector128.ConvertToSingle(c), Vector128.ConvertToSingle(d));
    }
}
