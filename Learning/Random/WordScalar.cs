using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace FwdLLM.Learning.Random;

/// <summary>A "vector" of one word: the plain path that the others must equal.</summary>
internal readonly struct WordScalar : IWordVector<uint>
{
    public static int Lanes => 1;

    public static uint Create(uint value) => value;

    public static uint CreateSequence(uint start) => start;

    public static uint Load(ref readonly uint source) => source;

    public static void Store(uint value, ref uint destination) => destination = value;

    public static uint Add(uint a, uint b) => a + b;

    public static uint Xor(uint a, uint b) => a ^ b;

    public static uint And(uint a, uint b) => a & b;

    public static uint RotateLeft(uint a, [ConstantExpected] byte count) => BitOperations.RotateLeft(a, count);

    public static uint ShiftLeft(uint a, int count) => a << count;

    public static uint ShiftRight(uint a, int count) => a >> count;

    public static uint SpreadTopBit(uint a) => (uint)((int)a >> 31);
}
