namespace FwdLLM.Learning.Random;

/// <summary>
/// Directions of independent standard normal coordinates by Box and Muller (1958), computed in double and rounded to float.
/// Coordinates 2j and 2j+1 take four words a, b, c, d of the stream, starting at word 4j (four pairs per block):
/// x = b·2³² + a and y = d·2³² + c; u = (⌊x/2¹¹⌋ + 1)·2⁻⁵³ in (0, 1], t = ⌊y/2¹¹⌋·2⁻⁵³ in [0, 1);
/// the pair is √(−2 ln u)·cos 2πt and √(−2 ln u)·sin 2πt. The words are the same on every machine; the last bit of a coordinate follows
/// the platform's logarithm, sine and cosine, which is why ±1 directions are the default.
/// </summary>
public static class GaussianStream
{
    private const int BlocksAtOnce = 16;
    private const int CoordinatesPerBlock = 8;

    /// <summary>Writes the direction at an address.</summary>
    /// <param name="key">Key of the job's directions.</param>
    /// <param name="address">Which direction.</param>
    /// <param name="destination">Coordinates 0 to d − 1.</param>
    public static void Fill(in StreamKey key, DirectionAddress address, Span<float> destination)
    {
        Span<uint> words = stackalloc uint[BlocksAtOnce * ChaCha8.BlockWords];
        for (var done = 0; done < destination.Length; done += 2)
        {
            var within = done % (BlocksAtOnce * CoordinatesPerBlock);
            if (within == 0) ChaCha8.Blocks(key, address, (uint)(done / CoordinatesPerBlock), words);
            var four = words.Slice(within * 2, 4);
            var u = ((((ulong)four[1] << 32 | four[0]) >> 11) + 1) * (1.0 / (1L << 53));
            var t = (((ulong)four[3] << 32 | four[2]) >> 11) * (1.0 / (1L << 53));
            var radius = Math.Sqrt(-2 * Math.Log(u));
            var (sin, cos) = Math.SinCos(2 * Math.PI * t);
            destination[done] = (float)(radius * cos);
            if (done + 1 < destination.Length) destination[done + 1] = (float)(radius * sin);
        }
    }
}
