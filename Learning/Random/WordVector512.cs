using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FwdLLM.Learning.Random;

/// <summary>16 words at a time.</summary>
internal readonly struct WordVector512 : IWordTable<Vector512<uint>>
{
    public static int Lanes => 16;

    public static Vector512<uint> Create(uint value) => Vector512.Create(value);

    public static Vector512<uint> CreateSequence(uint start) => Vector512.Create(start) + Vector512<uint>.Indices;

    public static Vector512<uint> Load(ref readonly uint source) => Vector512.LoadUnsafe(in source);

    public static void Store(Vector512<uint> value, ref uint destination) => value.StoreUnsafe(ref destination);

    public static Vector512<uint> Add(Vector512<uint> a, Vector512<uint> b) => a + b;

    public static Vector512<uint> Xor(Vector512<uint> a, Vector512<uint> b) => a ^ b;

    public static Vector512<uint> And(Vector512<uint> a, Vector512<uint> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateLeft(Vector512<uint> a, [ConstantExpected] byte count) => Avx512F.RotateLeft(a, count);

    public static Vector512<uint> ShiftLeft(Vector512<uint> a, int count) => a << count;

    public static Vector512<uint> ShiftRight(Vector512<uint> a, int count) => a >>> count;

    public static Vector512<uint> SpreadTopBit(Vector512<uint> a) => (a.AsInt32() >> 31).AsUInt32();

    public static bool IsSupported => Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    public static int TableBits => 4;

    public static Vector512<uint> Lookup(Vector512<uint> table, Vector512<uint> index) => Avx512F.PermuteVar16x32(table, index);
}
