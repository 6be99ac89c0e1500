using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Estimation;

/// <summary>
/// Σₖ qₖ·vₖ over ±1 directions vₖ rebuilt from their addresses and integer scalars qₖ. All additions are integer, so order, grouping and
/// repetition after a crash cannot change a bit. Adding is not thread-safe: give each worker its own and <see cref="Merge"/> them.
/// </summary>
public sealed class SignedSum
{
    private const uint Tag = 0x31535346; // "FSS1"
    private const long MaxCount = 1L << 42; // 2⁴² scalars of at most 2²⁰ stay within 63 bits

    private readonly long[] _sums;

    /// <summary>Starts at zero.</summary>
    /// <param name="dimension">d.</param>
    public SignedSum(int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        _sums = new long[dimension];
    }

    private SignedSum(long[] sums, long count)
    {
        _sums = sums;
        Count = count;
    }

    /// <summary>d.</summary>
    public int Dimension => _sums.Length;

    /// <summary>Directions added so far.</summary>
    public long Count { get; private set; }

    /// <summary>The sums [d]. Not a copy.</summary>
    public long[] Sums => _sums;

    /// <summary>Adds scalars[k] times the direction at addresses[k], for every k.</summary>
    /// <param name="key">Key of the job's directions.</param>
    /// <param name="addresses">Addresses [K].</param>
    /// <param name="scalars">Quantised scalars [K], each within ±<see cref="FixedPointScalar.Limit"/>.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a scalar is out of range.</exception>
    public void Add(in StreamKey key, ReadOnlySpan<DirectionAddress> addresses, ReadOnlySpan<int> scalars) =>
        Add(key, addresses, scalars, SimdLevels.Best);

    /// <summary>The same on a chosen path.</summary>
    internal void Add(in StreamKey key, ReadOnlySpan<DirectionAddress> addresses, ReadOnlySpan<int> scalars, SimdLevel level)
    {
        if (addresses.Length != scalars.Length)
            throw new ArgumentException($"{addresses.Length} addresses for {scalars.Length} scalars; give one for each.", nameof(scalars));
        foreach (var scalar in scalars)
            if (scalar is < -FixedPointScalar.Limit or > FixedPointScalar.Limit)
                throw new ArgumentException($"A quantised scalar is {scalar}; it must be within ±{FixedPointScalar.Limit}.", nameof(scalars));
        CheckCount(Count + addresses.Length);
        SignedSumKernels.Add(key, addresses, scalars, _sums, level);
        Count += addresses.Length;
    }

    /// <summary>Adds another sum.</summary>
    /// <exception cref="ArgumentException">Another dimension.</exception>
    public void Merge(SignedSum other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Dimension != Dimension) throw new ArgumentException($"A sum of dimension {other.Dimension} cannot be merged into one of {Dimension}.", nameof(other));
        CheckCount(Count + other.Count);
        for (var i = 0; i < _sums.Length; i++) _sums[i] += other._sums[i];
        Count += other.Count;
    }

    /// <summary>Writes tag, d, count and sums, little endian.</summary>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(Tag);
        writer.Write(Dimension);
        writer.Write(Count);
        PortableArrays.WriteAll(writer, _sums);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Something else, cut off, or sums that so few directions cannot have.</exception>
    public static SignedSum Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var dimension = PortableArrays.ReadHeader(reader, Tag, "Signed sum");
        if (dimension == 0) throw new InvalidDataException("Signed sum: a dimension of 0; it must be positive.");
        var values = PortableArrays.ReadInt64(reader, 1, "Signed sum's count");
        if (values[0] is < 0 or > MaxCount) throw new InvalidDataException($"Signed sum: a count of {values[0]}; it must be from 0 to {MaxCount}.");
        var sums = PortableArrays.ReadInt64(reader, dimension, "Signed sum");
        var bound = values[0] * FixedPointScalar.Limit;
        foreach (var sum in sums)
            if (sum < -bound || sum > bound)
                throw new InvalidDataException($"Signed sum: a sum of {sum}, but {values[0]} directions cannot pass ±{bound}; the bytes are damaged.");
        return new SignedSum(sums, values[0]);
    }

    private static void CheckCount(long count)
    {
        if (count > MaxCount) throw new InvalidOperationException($"{count} directions in one sum; {MaxCount} is the most that cannot overflow.");
    }
}
