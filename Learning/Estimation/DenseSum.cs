namespace FwdLLM.Learning.Estimation;

/// <summary>
/// Sum of arbitrary real vectors in 128-bit fixed point with a resolution of 2⁻⁶⁴. Every value is rounded once, to the nearest multiple
/// (ties to even); from there on all additions are exact, so order and grouping cannot change a bit. Values are limited to ±2⁴⁰ and counts to
/// 2²², so that 2⁴⁰·2⁶⁴·2²² = 2¹²⁶ stays inside 127 bits. Not thread-safe: give each worker its own and <see cref="Merge"/> them.
/// </summary>
public sealed class DenseSum
{
    /// <summary>Largest magnitude of a value, 2⁴⁰.</summary>
    public const double Limit = 1L << 40;

    /// <summary>Most vectors in one sum, 2²².</summary>
    public const long MaxCount = 1L << 22;

    private const uint Tag = 0x31534446; // "FDS1"
    private const double CoarseUnits = 1L << 20; // units per 1 of the upper part
    private const double FineUnits = 18446744073709551616.0; // 2⁶⁴
    private const int FineBits = 44; // fine units per coarse unit, as a shift

    private readonly Int128[] _sums;

    /// <summary>Starts at zero.</summary>
    /// <param name="dimension">d.</param>
    public DenseSum(int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        _sums = new Int128[dimension];
    }

    private DenseSum(Int128[] sums, long count)
    {
        _sums = sums;
        Count = count;
    }

    /// <summary>d.</summary>
    public int Dimension => _sums.Length;

    /// <summary>Vectors added so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a vector [d]. Nothing is added when a value is refused.</summary>
    /// <exception cref="ArgumentException">Another length, a value that is not finite, or one past ±<see cref="Limit"/>.</exception>
    public void Add(ReadOnlySpan<double> values)
    {
        CheckLength(values.Length);
        CheckCount(Count + 1);
        for (var i = 0; i < values.Length; i++)
            if (!(Math.Abs(values[i]) <= Limit))
                throw new ArgumentException($"Value {i} is {values[i]}; it must be finite and within ±2^40.", nameof(values));
        for (var i = 0; i < values.Length; i++) _sums[i] += Quantise(values[i]);
        Count++;
    }

    /// <summary>Adds scalar·direction [d]. The products are exact before they are rounded to the resolution. Nothing is added when a value is refused.</summary>
    /// <exception cref="ArgumentException">Another length, a value that is not finite, or a product past ±<see cref="Limit"/>.</exception>
    public void AddScaled(ReadOnlySpan<float> direction, float scalar)
    {
        CheckLength(direction.Length);
        CheckCount(Count + 1);
        for (var i = 0; i < direction.Length; i++)
            if (!(Math.Abs((double)direction[i] * scalar) <= Limit))
                throw new ArgumentException($"Coordinate {i} is {direction[i]} and the scalar {scalar}; their product must be finite and within ±2^40.", nameof(direction));
        for (var i = 0; i < direction.Length; i++) _sums[i] += Quantise((double)direction[i] * scalar);
        Count++;
    }

    /// <summary>Adds another sum.</summary>
    /// <exception cref="ArgumentException">Another dimension.</exception>
    public void Merge(DenseSum other)
    {
        ArgumentNullException.ThrowIfNull(other);
        CheckLength(other.Dimension);
        CheckCount(Count + other.Count);
        for (var i = 0; i < _sums.Length; i++) _sums[i] += other._sums[i];
        Count += other.Count;
    }

    /// <summary>The sums [d], each rounded to the nearest double.</summary>
    public double[] ToDoubles()
    {
        var values = new double[_sums.Length];
        for (var i = 0; i < values.Length; i++) values[i] = (double)_sums[i] / FineUnits;
        return values;
    }

    /// <summary>Writes tag, d, count, and per coordinate low and high 64 bits, little endian.</summary>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(Tag);
        writer.Write(Dimension);
        writer.Write(Count);
        foreach (var sum in _sums)
        {
            writer.Write((ulong)(UInt128)sum);
            writer.Write((long)(sum >> 64));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Something else, cut off, or sums that so few vectors cannot have.</exception>
    public static DenseSum Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var dimension = PortableArrays.ReadHeader(reader, Tag, "Dense sum");
        if (dimension is 0 or > int.MaxValue / 2) throw new InvalidDataException($"Dense sum: a dimension of {dimension}; it must be from 1 to {int.MaxValue / 2}.");
        var count = PortableArrays.ReadInt64(reader, 1, "Dense sum's count")[0];
        if (count is < 0 or > MaxCount) throw new InvalidDataException($"Dense sum: a count of {count}; it must be from 0 to {MaxCount}.");
        var halves = PortableArrays.ReadInt64(reader, 2 * dimension, "Dense sum");
        var bound = (Int128)count << (64 + 40);
        var sums = new Int128[dimension];
        for (var i = 0; i < dimension; i++)
        {
            sums[i] = new Int128((ulong)halves[2 * i + 1], (ulong)halves[2 * i]);
            if (sums[i] > bound || sums[i] < -bound)
                throw new InvalidDataException($"Dense sum: coordinate {i} is {(double)sums[i] / FineUnits}, but {count} vectors cannot pass ±{(double)bound / FineUnits}; the bytes are damaged.");
        }

        return new DenseSum(sums, count);
    }

    /// <summary>
    /// round(v·2⁶⁴) by way of two 64-bit integers, which is several times faster than a conversion to Int128: the multiple of 2⁻²⁰ nearest to v,
    /// and the rest, which a double holds exactly.
    /// </summary>
    private static Int128 Quantise(double v)
    {
        var coarse = Math.Round(v * CoarseUnits);
        var fine = Math.Round((v - coarse / CoarseUnits) * FineUnits);
        return ((Int128)(long)coarse << FineBits) + (long)fine;
    }

    private void CheckLength(int length)
    {
        if (length != Dimension) throw new ArgumentException($"A vector of {length} values cannot be added to a sum of dimension {Dimension}.");
    }

    private static void CheckCount(long count)
    {
        if (count > MaxCount) throw new InvalidOperationException($"{count} vectors in one sum; {MaxCount} is the most that cannot overflow.");
    }
}
