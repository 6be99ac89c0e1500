using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Estimation;

/// <summary>The paths of <see cref="SignedSum"/>.</summary>
internal static class SignedSumKernels
{
    /// <summary>sums[i] += Σₖ scalars[k]·vₖ[i].</summary>
    public static void Add(in StreamKey key, ReadOnlySpan<DirectionAddress> addresses, ReadOnlySpan<int> scalars, Span<long> sums, SimdLevel level)
    {
        Span<uint> words = stackalloc uint[ChaCha8.BlockWords];
        for (var k = 0; k < addresses.Length; k++)
            for (var i = 0; i < sums.Length; i++)
            {
                if (i % ChaCha8.BlockBits == 0) ChaCha8.Blocks(key, addresses[k], (uint)(i / ChaCha8.BlockBits), words, 8, level);
                sums[i] += (words[(i >> 5) & 15] >> (i & 31) & 1) == 0 ? scalars[k] : -scalars[k];
            }
    }
}
