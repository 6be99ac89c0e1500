using System.Runtime.CompilerServices;

namespace FwdLLM.Learning.Random;

/// <summary>
/// ChaCha with eight rounds (D. J. Bernstein, 2008) in the state layout of RFC 8439: four constant words, eight key words, one word of
/// block counter, three words of nonce. A block is 512 bits: sixteen words, the first word least significant in every bit index of this project.
/// Only additions, exclusive ors and rotations, so every vector width and every processor gives the same bits.
/// </summary>
public static class ChaCha8
{
    /// <summary>Words in a block.</summary>
    public const int BlockWords = 16;

    /// <summary>Bits in a block: coordinates of a direction that it covers.</summary>
    public const int BlockBits = 512;

    private const int Rounds = 8;

    /// <summary>Writes consecutive blocks.</summary>
    /// <param name="key">Key.</param>
    /// <param name="address">Nonce.</param>
    /// <param name="firstBlock">Counter of the first block.</param>
    /// <param name="words">Destination: block after block, sixteen words each.</param>
    /// <exception cref="ArgumentException">The length is not a multiple of sixteen, or the counter would pass 2³².</exception>
    public static void Blocks(in StreamKey key, DirectionAddress address, uint firstBlock, Span<uint> words) =>
        Blocks(key, address, firstBlock, words, Rounds, SimdLevels.Best);

    /// <summary>The same with a chosen path and number of rounds (for vectors published for 20 rounds).</summary>
    internal static void Blocks(in StreamKey key, DirectionAddress address, uint firstBlock, Span<uint> words, int rounds, SimdLevel level)
    {
        if (words.Length % BlockWords != 0)
            throw new ArgumentException($"{words.Length} words were asked for; ChaCha gives whole blocks of {BlockWords}.", nameof(words));
        var count = words.Length / BlockWords;
        if (firstBlock + (long)count > 1L << 32)
            throw new ArgumentException($"Blocks {firstBlock} to {firstBlock + (long)count - 1} pass the 32-bit block counter; use another nonce.", nameof(firstBlock));
        var done = 0;
        if (level >= SimdLevel.Vector512) done = Whole<WordVector512, System.Runtime.Intrinsics.Vector512<uint>>(key, address, firstBlock, words, done, rounds);
        if (level >= SimdLevel.Vector256) done = Whole<WordVector256, System.Runtime.Intrinsics.Vector256<uint>>(key, address, firstBlock, words, done, rounds);
        if (level >= SimdLevel.Vector128) done = Whole<WordVector128, System.Runtime.Intrinsics.Vector128<uint>>(key, address, firstBlock, words, done, rounds);
        _ = Whole<WordScalar, uint>(key, address, firstBlock, words, done, rounds);
    }

    /// <summary>Generates Lanes blocks side by side: word w of block first + l goes to lane l of vector w.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Interleaved<TOps, TVector>(in StreamKey key, DirectionAddress address, uint firstBlock, ref uint destination, int rounds = Rounds)
        where TOps : struct, IWordVector<TVector>
        where TVector : unmanaged
    {

        TVector x0 = TOps.Create(0x61707865), x1 = TOps.Create(0x3320646e), x2 = TOps.Create(0x79622d32), x3 = TOps.Create(0x6b206574);
        TVector x4 = TOps.Create((uint)key.K0), x5 = TOps.Create((uint)(key.K0 >> 32)), x6 = TOps.Create((uint)key.K1), x7 = TOps.Create((uint)(key.K1 >> 32));
        TVector x8 = TOps.Create((uint)key.K2), x9 = TOps.Create((uint)(key.K2 >> 32)), x10 = TOps.Create((uint)key.K3), x11 = TOps.Create((uint)(key.K3 >> 32));
        TVector x12 = TOps.CreateSequence(firstBlock), x13 = TOps.Create(address.Round), x14 = TOps.Create(address.Slot), x15 = TOps.Create(address.Probe);
        for (var round = 0; round < rounds; round += 2)
        {
            Quarter<TOps, TVector>(ref x0, ref x4, ref x8, ref x12);
            Quarter<TOps, TVector>(ref x1, ref x5, ref x9, ref x13);
            Quarter<TOps, TVector>(ref x2, ref x6, ref x10, ref x14);
            Quarter<TOps, TVector>(ref x3, ref x7, ref x11, ref x15);
            Quarter<TOps, TVector>(ref x0, ref x5, ref x10, ref x15);
            Quarter<TOps, TVector>(ref x1, ref x6, ref x11, ref x12);
            Quarter<TOps, TVector>(ref x2, ref x7, ref x8, ref x13);
            Quarter<TOps, TVector>(ref x3, ref x4, ref x9, ref x14);
        }

        Put<TOps, TVector>(ref destination, 0, x0, 0x61707865);
        Put<TOps, TVector>(ref destination, 1, x1, 0x3320646e);
        Put<TOps, TVector>(ref destination, 2, x2, 0x79622d32);
        Put<TOps, TVector>(ref destination, 3, x3, 0x6b206574);
        Put<TOps, TVector>(ref destination, 4, x4, (uint)key.K0);
        Put<TOps, TVector>(ref destination, 5, x5, (uint)(key.K0 >> 32));
        Put<TOps, TVector>(ref destination, 6, x6, (uint)key.K1);
        Put<TOps, TVector>(ref destination, 7, x7, (uint)(key.K1 >> 32));
        Put<TOps, TVector>(ref destination, 8, x8, (uint)key.K2);
        Put<TOps, TVector>(ref destination, 9, x9, (uint)(key.K2 >> 32));
        Put<TOps, TVector>(ref destination, 10, x10, (uint)key.K3);
        Put<TOps, TVector>(ref destination, 11, x11, (uint)(key.K3 >> 32));
        TOps.Store(TOps.Add(x12, TOps.CreateSequence(firstBlock)), ref Unsafe.Add(ref destination, 12 * TOps.Lanes));
        Put<TOps, TVector>(ref destination, 13, x13, address.Round);
        Put<TOps, TVector>(ref destination, 14, x14, address.Slot);
        Put<TOps, TVector>(ref destination, 15, x15, address.Probe);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TOps, TVector>(ref uint destination, int word, TVector value, uint initial)
        where TOps : struct, IWordVector<TVector>
        where TVector : unmanaged =>
        TOps.Store(TOps.Add(value, TOps.Create(initial)), ref Unsafe.Add(ref destination, word * TOps.Lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter<TOps, TVector>(ref TVector a, ref TVector b, ref TVector c, ref TVector d)
        where TOps : struct, IWordVector<TVector>
        where TVector : unmanaged
    {
        a = TOps.Add(a, b);
        d = TOps.RotateLeft(TOps.Xor(d, a), 16);
        c = TOps.Add(c, d);
        b = TOps.RotateLeft(TOps.Xor(b, c), 12);
        a = TOps.Add(a, b);
        d = TOps.RotateLeft(TOps.Xor(d, a), 8);
        c = TOps.Add(c, d);
        b = TOps.RotateLeft(TOps.Xor(b, c), 7);
    }

    /// <summary>Writes as many whole groups of Lanes blocks as fit, in natural order; returns how many blocks are done.</summary>
    private static int Whole<TOps, TVector>(in StreamKey key, DirectionAddress address, uint firstBlock, Span<uint> words, int done, int rounds)
        where TOps : struct, IWordVector<TVector>
        where TVector : unmanaged
    {
        var lanes = TOps.Lanes;
        Span<uint> group = stackalloc uint[BlockWords * 16];
        for (; (done + lanes) * BlockWords <= words.Length; done += lanes)
        {
            Interleaved<TOps, TVector>(key, address, firstBlock + (uint)done, ref group[0], rounds);
            var target = words.Slice(done * BlockWords, lanes * BlockWords);
            for (var lane = 0; lane < lanes; lane++)
                for (var word = 0; word < BlockWords; word++)
                    target[lane * BlockWords + word] = group[word * lanes + lane];
        }

        return done;
    }
}
