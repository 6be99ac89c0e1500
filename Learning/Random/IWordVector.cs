using System.Diagnostics.CodeAnalysis;

namespace FwdLLM.Learning.Random;

/// <summary>The few integer operations that ChaCha and the signed sum need, on a vector <typeparamref name="TVector"/> of 32-bit words. One algorithm, written once, serves every width.</summary>
internal interface IWordVector<TVector>
    where TVector : unmanaged
{
    /// <summary>Words in the vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>Every lane the same word.</summary>
    static abstract TVector Create(uint value);

    /// <summary>Lane l is <paramref name="start"/> + l, modulo 2³².</summary>
    static abstract TVector CreateSequence(uint start);

    /// <summary>Loads from memory.</summary>
    static abstract TVector Load(ref readonly uint source);

    /// <summary>Stores to memory.</summary>
    static abstract void Store(TVector value, ref uint destination);

    /// <summary>Lane-wise sum modulo 2³².</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary>Bitwise exclusive or.</summary>
    static abstract TVector Xor(TVector a, TVector b);

    /// <summary>Bitwise and.</summary>
    static abstract TVector And(TVector a, TVector b);

    /// <summary>Lane-wise rotation; the count must be a constant.</summary>
    static abstract TVector RotateLeft(TVector a, [ConstantExpected] byte count);

    /// <summary>Lane-wise shift.</summary>
    static abstract TVector ShiftLeft(TVector a, int count);

    /// <summary>Lane-wise logical shift.</summary>
    static abstract TVector ShiftRight(TVector a, int count);

    /// <summary>All ones in lanes whose top bit is set, zero elsewhere.</summary>
    static abstract TVector SpreadTopBit(TVector a);
}

/// <summary>A vector that can also be used as a lookup table.</summary>
internal interface IWordTable<TVector> : IWordVector<TVector>
    where TVector : unmanaged
{
    /// <summary>log2 of <see cref="IWordVector{TVector}.Lanes"/>: how many low bits of an index count.</summary>
    static abstract int TableBits { get; }

    /// <summary>Lane l of the result is lane (index[l] mod Lanes) of the table.</summary>
    static abstract TVector Lookup(TVector table, TVector index);
}
