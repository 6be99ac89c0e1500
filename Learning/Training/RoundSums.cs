using FwdLLM.Learning.Estimation;

namespace FwdLLM.Learning.Training;

/// <summary>Fixed-point sums over contributions of one round: adds in any order to the same bits.</summary>
public sealed class RoundSums
{
    private const double LossUnit = 1 << 24;

    /// <summary>Contributions.</summary>
    public long Works { get; private set; }

    /// <summary>Examples used.</summary>
    public long Examples { get; private set; }

    /// <summary>Examples that passed forward.</summary>
    public long ForwardExamples { get; private set; }

    /// <summary>Examples classified correctly.</summary>
    public long Correct { get; private set; }

    /// <summary>Sum of losses.</summary>
    public double LossSum => (double)_loss / LossUnit;

    /// <summary>Probes per half of the split [2].</summary>
    public long[] Probes { get; } = new long[2];

    /// <summary>Sums of packed vectors; null when the work has none.</summary>
    public DenseSum? Vector { get; internal set; }

    /// <summary>Signed sums per half [2]; null unless directions are plain signs.</summary>
    public SignedSum[]? Signs { get; internal set; }

    /// <summary>Sums of scaled directions per half [2]; null unless directions must be materialised.</summary>
    public DenseSum[]? Directions { get; internal set; }

    /// <summary>Sums of exact gradients per half [2]; null without any.</summary>
    public DenseSum[]? Exact { get; internal set; }

    /// <summary>[Σ (s·<see cref="SquareUnit"/>)², Σ s along the guide, probes along the guide] or, for curvature, per block (Σ q, count); null without probes.</summary>
    public DenseSum? Scalars { get; internal set; }

    /// <summary>Whether there is a sum of probes.</summary>
    internal bool HasProbes => Signs is not null || Directions is not null;

    /// <summary>Contributions of a probe round that have probes.</summary>
    internal long ProbeWorks => Works - ExactWorks(0) - ExactWorks(1);

    /// <summary>D of a probe round.</summary>
    internal int Dimension => Exact?[0].Dimension ?? Directions?[0].Dimension ?? Signs![0].Dimension;

    // 128 bits: the largest losses that are accepted, over the largest shards, would pass 63.
    private Int128 _loss;

    /// <summary>Scalars are squared in units of 2¹⁰, so that as many as an order may ask for, each as large as is accepted, stay in <see cref="DenseSum"/>'s range.</summary>
    internal const double SquareUnit = 1.0 / 1024;

    /// <summary>Exact gradients in a half.</summary>
    internal long ExactWorks(int half) => Exact?[half].Count ?? 0;

    internal void Count(WorkResult result)
    {
        Works++;
        Examples += result.Examples;
        ForwardExamples += result.ForwardExamples;
        Correct += result.Correct;
        _loss = checked(_loss + (Int128)Math.Round(result.LossSum * LossUnit));
    }

    /// <summary>Adds another group's sums to this one; either may be empty.</summary>
    /// <exception cref="ArgumentException">Sums of another dimension: the groups answer different plans.</exception>
    public void Merge(RoundSums other)
    {
        Works += other.Works;
        Examples += other.Examples;
        ForwardExamples += other.ForwardExamples;
        Correct += other.Correct;
        _loss = checked(_loss + other._loss);
        for (var half = 0; half < 2; half++) Probes[half] += other.Probes[half];

        if (other.Signs is { } signs)
        {
            Signs ??= [new SignedSum(signs[0].Dimension), new SignedSum(signs[1].Dimension)];
            for (var half = 0; half < 2; half++) Signs[half].Merge(signs[half]);
        }

        if (other.Directions is { } directions)
        {
            Directions ??= [new DenseSum(directions[0].Dimension), new DenseSum(directions[1].Dimension)];
            for (var half = 0; half < 2; half++) Directions[half].Merge(directions[half]);
        }

        if (other.Exact is { } exact)
        {
            Exact ??= [new DenseSum(exact[0].Dimension), new DenseSum(exact[1].Dimension)];
            for (var half = 0; half < 2; half++) Exact[half].Merge(exact[half]);
        }

        if (other.Vector is { } vector) (Vector ??= new DenseSum(vector.Dimension)).Merge(vector);
        if (other.Scalars is { } scalars) (Scalars ??= new DenseSum(scalars.Dimension)).Merge(scalars);
    }

    /// <summary>Portable bytes.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        foreach (var number in new[] { Works, Examples, ForwardExamples, Correct, Probes[0], Probes[1] }) writer.Write(number);
        writer.Write((ulong)(UInt128)_loss);
        writer.Write((ulong)((UInt128)_loss >> 64));
        writer.Write((byte)((Vector is null ? 0 : 1) | (Signs is null ? 0 : 2) | (Directions is null ? 0 : 4) | (Scalars is null ? 0 : 8) | (Exact is null ? 0 : 16)));
        Vector?.Write(writer);
        foreach (var sum in Signs ?? []) sum.Write(writer);
        foreach (var sum in Directions ?? []) sum.Write(writer);
        Scalars?.Write(writer);
        foreach (var sum in Exact ?? []) sum.Write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are not sums, or are damaged.</exception>
    public static RoundSums FromBytes(ReadOnlySpan<byte> bytes) => Binary.Parse(bytes, "The round's sums", reader =>
    {
        var sums = new RoundSums
        {
            Works = Count(reader, "works"),
            Examples = Count(reader, "examples"),
            ForwardExamples = Count(reader, "forward examples"),
            Correct = Count(reader, "correct"),
        };
        sums.Probes[0] = Count(reader, "probes");
        sums.Probes[1] = Count(reader, "probes");
        var low = reader.ReadUInt64();
        sums._loss = new Int128(reader.ReadUInt64(), low);
        var parts = reader.ReadByte();
        if (parts > 31) throw new InvalidDataException($"The round's sums have parts {parts:x2}; this build knows 00 to 1f. The data is damaged or of a newer version.");
        if ((parts & 1) != 0) sums.Vector = DenseSum.Read(reader);
        if ((parts & 2) != 0) sums.Signs = [SignedSum.Read(reader), SignedSum.Read(reader)];
        if ((parts & 4) != 0) sums.Directions = [DenseSum.Read(reader), DenseSum.Read(reader)];
        if ((parts & 8) != 0) sums.Scalars = DenseSum.Read(reader);
        if ((parts & 16) != 0) sums.Exact = [DenseSum.Read(reader), DenseSum.Read(reader)];
        return sums;
    });

    private static long Count(BinaryReader reader, string what)
    {
        var count = reader.ReadInt64();
        return count >= 0 ? count : throw new InvalidDataException($"The round's sums count {count} {what}; a count is not negative, the data is damaged.");
    }
}
