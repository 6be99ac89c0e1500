using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FwdLLM.Learning.Random;

/// <summary>Directions of independent ±1 coordinates: coordinate i is bit i mod 512 of block ⌊i/512⌋ (bit i mod 32 of word ⌊(i mod 512)/32⌋); 0 means +1 and 1 means −1.</summary>
public static class RademacherStream
{
    private const int BlocksAtOnce = 16;

    /// <summary>Writes the direction at an address.</summary>
    /// <param name="key">Key of the job's directions.</param>
    /// <param name="address">Which direction.</param>
    /// <param name="destination">Coordinates 0 to d − 1.</param>
    public static void Fill(in StreamKey key, DirectionAddress address, Span<float> destination)
    {
        Span<uint> words = stackalloc uint[BlocksAtOnce * ChaCha8.BlockWords];
        var first = 0u;
        while (!destination.IsEmpty)
        {
            var blocks = Math.Min(BlocksAtOnce, (destination.Length + ChaCha8.BlockBits - 1) / ChaCha8.BlockBits);
            var now = words[..(blocks * ChaCha8.BlockWords)];
            ChaCha8.Blocks(key, address, first, now);
            var part = destination[..Math.Min(destination.Length, blocks * ChaCha8.BlockBits)];
            Expand(now, part);
            destination = destination[part.Length..];
            first += (uint)blocks;
        }
    }

    /// <summary>Writes the direction with every coordinate multiplied by its scale.</summary>
    /// <param name="key">Key of the job's directions.</param>
    /// <param name="address">Which direction.</param>
    /// <param name="scale">Scale of each coordinate, as long as <paramref name="destination"/>.</param>
    /// <param name="destination">Coordinates 0 to d − 1.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void FillScaled(in StreamKey key, DirectionAddress address, ReadOnlySpan<float> scale, Span<float> destination)
    {
        if (scale.Length != destination.Length)
            throw new ArgumentException($"{scale.Length} scales for {destination.Length} coordinates; give one for each.", nameof(scale));
        Fill(key, address, destination);
        for (var i = 0; i < destination.Length; i++) destination[i] *= scale[i];
    }

    private static void Expand(ReadOnlySpan<uint> words, Span<float> destination)
    {
        var done = 0;
        var lanes = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128);
        ref var target = ref MemoryMarshal.GetReference(destination);
        for (; done + 8 <= destination.Length; done += 8)
        {
            var bits = Vector256.Create(words[done >> 5] >> (done & 31));
            var positive = Vector256.Equals(bits & lanes, Vector256<uint>.Zero).AsSingle();
            Vector256.ConditionalSelect(positive, Vector256<float>.One, Vector256.Create(-1f)).StoreUnsafe(ref target, (nuint)done);
        }

        for (; done < destination.Length; done++)
            destination[done] = (words[done >> 5] >> (done & 31) & 1) == 0 ? 1f : -1f;
    }
}
