using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Estimation;

/// <summary>
/// The paths of <see cref="SignedSum"/>. A path works on as many blocks of 512 coordinates as its vectors have lanes, one block per lane, because
/// that is how the vector path of ChaCha produces its words: nothing is ever transposed. 32-bit accumulators of that many coordinates
/// (32 KiB for AVX-512) stay in the first-level cache while all directions pass over them, and go to the 64-bit sums before they can overflow.
/// </summary>
internal static class SignedSumKernels
{
    private const int MaxGroup = 16;

    /// <summary>sums[i] += Σₖ scalars[k]·vₖ[i].</summary>
    public static void Add(in StreamKey key, ReadOnlySpan<DirectionAddress> addresses, ReadOnlySpan<int> scalars, Span<long> sums, SimdLevel level)
    {
        var blocks = (sums.Length + ChaCha8.BlockBits - 1) / ChaCha8.BlockBits;
        for (var block = 0; block < blocks;)
        {
            // A wide path over a short rest would mostly compute coordinates that do not exist.
            var rest = blocks - block;
            if (level >= SimdLevel.Vector512 && rest > (int)SimdLevel.Vector256) block += Tables<WordVector512, Vector512<uint>>(key, addresses, scalars, sums, block);
            else if (level >= SimdLevel.Vector256 && rest > 1) block += Tables<WordVector256, Vector256<uint>>(key, addresses, scalars, sums, block);
            else if (level == SimdLevel.Vector128 && rest > 1) block += Masks<WordVector128, Vector128<uint>>(key, addresses, scalars, sums, block);
            else block += Masks<WordScalar, uint>(key, addresses, scalars, sums, block);
        }
    }

    /// <summary>
    /// B directions at a time share one table of the 2ᴮ values that ±q₁ ±q₂ … can take (B = 4 for AVX-512, 3 for AVX2), held in one register: a
    /// lookup adds B terms in every lane at once. The B-bit indices are the bits of B words, brought together by transposing 4 × 4 bits.
    /// Four tables share one pass over the accumulators.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static unsafe int Tables<TOps, TVector>(in StreamKey key, ReadOnlySpan<DirectionAddress> addresses, ReadOnlySpan<int> scalars, Span<long> sums, int block)
        where TOps : struct, IWordTable<TVector>
        where TVector : unmanaged
    {
        var lanes = TOps.Lanes;
        var perTable = TOps.TableBits;
        var group = 4 * perTable;
        var accumulators = new int[ChaCha8.BlockBits * lanes];
        var words = stackalloc uint[MaxGroup * ChaCha8.BlockWords * lanes];
        var indices = stackalloc uint[MaxGroup * lanes];
        var table = stackalloc uint[4 * lanes];
        var stream = ChaCha8.BlockWords * lanes;
        new Span<uint>(words, MaxGroup * stream).Clear();
        var pending = 0L;
        for (var k = 0; k < addresses.Length; k += group)
        {
            var now = Math.Min(group, addresses.Length - k);
            Flush(ref pending, scalars.Slice(k, now), accumulators, sums, block, lanes);
            for (var j = 0; j < now; j++) ChaCha8.Interleaved<TOps, TVector>(key, addresses[k + j], (uint)block, ref words[j * stream]);
            for (var t = 0; t < 4; t++)
                for (var entry = 0; entry < lanes; entry++)
                {
                    var value = 0;
                    for (var j = 0; j < perTable && t * perTable + j < now; j++)
                        value += (entry >> j & 1) == 0 ? scalars[k + t * perTable + j] : -scalars[k + t * perTable + j];
                    table[t * lanes + entry] = (uint)value;
                }

            TVector table0 = TOps.Load(ref table[0]), table1 = TOps.Load(ref table[lanes]), table2 = TOps.Load(ref table[2 * lanes]), table3 = TOps.Load(ref table[3 * lanes]);
            fixed (int* start = accumulators)
            {
                var target = (uint*)start;
                for (var word = 0; word < ChaCha8.BlockWords; word++, target += 32 * lanes)
                {
                    for (var t = 0; t < 4; t++) Indices<TOps, TVector>(words + (t * perTable * ChaCha8.BlockWords + word) * lanes, stream, perTable, indices + t * 4 * lanes, lanes);
                    for (var bit = 0; bit < 4; bit++)
                    {
                        var index = indices + bit * lanes;
                        TVector index0 = TOps.Load(ref index[0]), index1 = TOps.Load(ref index[4 * lanes]), index2 = TOps.Load(ref index[8 * lanes]), index3 = TOps.Load(ref index[12 * lanes]);
                        for (var at = target + bit * lanes; at < target + 32 * lanes; at += 4 * lanes)
                        {
                            var sum01 = TOps.Add(TOps.Lookup(table0, index0), TOps.Lookup(table1, index1));
                            var sum23 = TOps.Add(TOps.Lookup(table2, index2), TOps.Lookup(table3, index3));
                            TOps.Store(TOps.Add(TOps.Load(ref *at), TOps.Add(sum01, sum23)), ref *at);
                            index0 = TOps.ShiftRight(index0, 4);
                            index1 = TOps.ShiftRight(index1, 4);
                            index2 = TOps.ShiftRight(index2, 4);
                            index3 = TOps.ShiftRight(index3, 4);
                        }
                    }
                }
            }
        }

        Empty(accumulators, sums, block, lanes);
        return lanes;
    }

    /// <summary>Transposes 4 × 4 bits: bit j of nibble b of word i becomes bit i of nibble b of index j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Indices<TOps, TVector>(uint* words, int stream, int count, uint* indices, int lanes)
        where TOps : struct, IWordTable<TVector>
        where TVector : unmanaged
    {
        TVector a = TOps.Load(ref words[0]), b = TOps.Load(ref words[stream]), c = TOps.Load(ref words[2 * stream]);
        var d = count > 3 ? TOps.Load(ref words[3 * stream]) : TOps.Create(0);
        Swap<TOps, TVector>(ref a, ref b, 1, 0x55555555);
        Swap<TOps, TVector>(ref c, ref d, 1, 0x55555555);
        Swap<TOps, TVector>(ref a, ref c, 2, 0x33333333);
        Swap<TOps, TVector>(ref b, ref d, 2, 0x33333333);
        TOps.Store(a, ref indices[0]);
        TOps.Store(b, ref indices[lanes]);
        TOps.Store(c, ref indices[2 * lanes]);
        TOps.Store(d, ref indices[3 * lanes]);
    }

    /// <summary>Exchanges the high bits of <paramref name="low"/> with the low bits of <paramref name="high"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Swap<TOps, TVector>(ref TVector low, ref TVector high, int shift, uint mask)
        where TOps : struct, IWordTable<TVector>
        where TVector : unmanaged
    {
        var difference = TOps.And(TOps.Xor(TOps.ShiftRight(low, shift), high), TOps.Create(mask));
        high = TOps.Xor(high, difference);
        low = TOps.Xor(low, TOps.ShiftLeft(difference, shift));
    }

    /// <summary>One direction at a time: q where the bit is 0, −q where it is 1, as (q xor m) − m with m all ones for a set bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static unsafe int Masks<TOps, TVector>(in StreamKey key, ReadOnlySpan<DirectionAddress> addresses, ReadOnlySpan<int> scalars, Span<long> sums, int block)
        where TOps : struct, IWordVector<TVector>
        where TVector : unmanaged
    {
        var lanes = TOps.Lanes;
        var accumulators = new int[ChaCha8.BlockBits * lanes];
        var words = stackalloc uint[ChaCha8.BlockWords * lanes];
        var pending = 0L;
        for (var k = 0; k < addresses.Length; k++)
        {
            Flush(ref pending, scalars.Slice(k, 1), accumulators, sums, block, lanes);
            ChaCha8.Interleaved<TOps, TVector>(key, addresses[k], (uint)block, ref *words);
            TVector plus = TOps.Create((uint)scalars[k]), change = TOps.Create((uint)(-2 * scalars[k]));
            fixed (int* start = accumulators)
            {
                var target = (uint*)start;
                for (var word = 0; word < ChaCha8.BlockWords; word++)
                {
                    var bits = TOps.Load(ref words[word * lanes]);
                    for (var bit = 0; bit < 32; bit++, target += lanes)
                    {
                        var value = TOps.Add(plus, TOps.And(TOps.SpreadTopBit(TOps.ShiftLeft(bits, 31 - bit)), change));
                        TOps.Store(TOps.Add(TOps.Load(ref *target), value), ref *target);
                    }
                }
            }
        }

        Empty(accumulators, sums, block, lanes);
        return lanes;
    }

    /// <summary>Empties the accumulators if adding these scalars could overflow one.</summary>
    private static void Flush(ref long pending, ReadOnlySpan<int> scalars, int[] accumulators, Span<long> sums, int block, int lanes)
    {
        var more = 0L;
        foreach (var scalar in scalars) more += Math.Abs(scalar);
        if (pending + more > int.MaxValue)
        {
            Empty(accumulators, sums, block, lanes);
            pending = 0;
        }

        pending += more;
    }

    /// <summary>Adds the accumulators to the sums, putting coordinates in order, and clears them.</summary>
    private static void Empty(int[] accumulators, Span<long> sums, int block, int lanes)
    {
        for (var lane = 0; lane < lanes; lane++)
        {
            var first = (block + lane) * (long)ChaCha8.BlockBits;
            if (first >= sums.Length) break;
            var part = sums.Slice((int)first, (int)Math.Min(ChaCha8.BlockBits, sums.Length - first));
            for (var i = 0; i < part.Length; i++) part[i] += accumulators[i * lanes + lane];
        }

        Array.Clear(accumulators);
    }
}
