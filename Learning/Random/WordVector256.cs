using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FwdLLM.Learning.Random;

/// <summary>8 words at a time.</summary>
internal readonly struct WordVector256 : IWordTable<Vector256<uint>>
{
    public static int Lanes => 8;

    public static Vector256<uint> Create(uint value) => Vector256.Create(value);

    public static Vector256<uint> CreateSequence(uint start) => Vector256.Create(start) + Vector256<uint>.Indices;

    public static Vector256<uint> Load(ref readonly uint source) => Vector256.LoadUnsafe(in source);

    public static void Store(Vector256<uint> value, ref uint destination) => value.StoreUnsafe(ref destination);

    public static Vector256<uint> Add(Vector256<uint> a, Vector256<uint> b) => a + b;

    public static Vector256<uint> Xor(Vector256<uint> a, Vector256<uint> b) => a ^ b;

    public static Vector256<uint> And(Vector256<uint> a, Vector256<uint> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateLeft(Vector256<uint> a, [ConstantExpected] byte count) => (a << count) | (a >>> (32 - count));

    public static Vector256<uint> ShiftLeft(Vector256<uint> a, int count) => a << count;

    public static Vector256<uint> ShiftRight(Vector256<uint> a, int count) => a >>> count;

    public static Vector256<uint> SpreadTopBit(Vector256<uint> a) => (a.AsInt32() >> 31).AsUInt32();

    public static bool IsSupported => Avx2.IsSupported;

    public static int TableBits => 3;

    public static Vector256<uint> Lookup(Vector256<uint> table, Vector256<uint> index) => Avx2.PermuteVar8x32(table, index);
}
