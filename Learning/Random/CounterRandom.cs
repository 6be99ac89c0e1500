namespace FwdLLM.Learning.Random;

/// <summary>A generator that reads one address of a keyed stream from its start: words in order, low word of each 64-bit number first. Not thread-safe.</summary>
public sealed class CounterRandom
{
    private const int BufferedBlocks = 4;
    private readonly uint[] _words = new uint[BufferedBlocks * ChaCha8.BlockWords];
    private readonly StreamKey _key;
    private readonly DirectionAddress _address;
    private uint _nextBlock;
    private int _used;

    /// <summary>Starts at block 0 of an address.</summary>
    public CounterRandom(StreamKey key, DirectionAddress address)
    {
        _key = key;
        _address = address;
        _used = _words.Length;
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextUInt64()
    {
        if (_used == _words.Length)
        {
            ChaCha8.Blocks(_key, _address, _nextBlock, _words);
            _nextBlock += BufferedBlocks;
            _used = 0;
        }

        var value = _words[_used] | (ulong)_words[_used + 1] << 32;
        _used += 2;
        return value;
    }

    /// <summary>Uniform in 0 to <paramref name="exclusiveMax"/> − 1, without bias: draws from the incomplete last interval are rejected.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is not positive.</exception>
    public int Next(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        var range = (ulong)exclusiveMax;
        var last = ulong.MaxValue - (ulong.MaxValue % range + 1) % range;
        ulong value;
        do value = NextUInt64();
        while (value > last);
        return (int)(value % range);
    }

    /// <summary>Uniform multiple of 2⁻⁵³ in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>Uniform in (−bound, bound), symmetric about zero and never zero: one of 2²⁴ odd multiples of bound·2⁻²⁴.</summary>
    public float NextUniform(float bound) => (2 * (int)(NextUInt64() >> 40) + 1 - (1 << 24)) * (1f / (1 << 24)) * bound;

    /// <summary>Draws without replacement, in random order.</summary>
    /// <param name="population">Numbers 0 to population − 1 are drawn from.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not from 0 to <paramref name="population"/>.</exception>
    public int[] Sample(int population, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(population);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, population);

        // Fisher–Yates where only displaced entries are stored, so that drawing 100 of 10 million costs 100.
        var displaced = new Dictionary<int, int>(count);
        var drawn = new int[count];
        for (var i = 0; i < count; i++)
        {
            var j = i + Next(population - i);
            drawn[i] = displaced.GetValueOrDefault(j, j);
            displaced[j] = displaced.GetValueOrDefault(i, i);
        }

        return drawn;
    }

    /// <summary>Puts the items in random order (Fisher–Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
