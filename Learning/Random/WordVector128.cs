using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FwdLLM.Learning.Random;

/// <summary>4 words at a time.</summary>
internal readonly struct WordVector128 : IWordVector<Vector128<uint>>
{
    public static int Lanes => 4;

    public static Vector128<uint> Create(uint value) => Vector128.Create(value);

    public static Vector128<uint> CreateSequence(uint start) => Vector128.Create(start) + Vector128<uint>.Indices;

    public static Vector128<uint> Load(ref readonly uint source) => Vector128.LoadUnsafe(in source);

    public static void Store(Vector128<uint> value, ref uint destination) => value.StoreUnsafe(ref destination);

    public static Vector128<uint> Add(Vector128<uint> a, Vector128<uint> b) => a + b;

    public static Vector128<uint> Xor(Vector128<uint> a, Vector128<uint> b) => a ^ b;

    public static Vector128<uint> And(Vector128<uint> a, Vector128<uint> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateLeft(Vector128<uint> a, [ConstantExpected] byte count) => (a << count) | (a >>> (32 - count));

    public static Vector128<uint> ShiftLeft(Vector128<uint> a, int count) => a << count;

    public static Vector128<uint> ShiftRight(Vector128<uint> a, int count) => a >>> count;

    public static Vector128<uint> SpreadTopBit(Vector128<uint> a) => (a.AsInt32() >> 31).AsUInt32();
}
