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
    public double LossSum => _loss / LossUnit;

    /// <summary>Probes per half of the split [2].</summary>
    public long[] Probes { get; } = new long[2];

    /// <summary>Sums of packed vectors; null when the work has none.</summary>
    public DenseSum? Vector { get; internal set; }

    /// <summary>Signed sums per half [2]; null unless directions are plain signs.</summary>
    public SignedSum[]? Signs { get; internal set; }

    /// <summary>Sums of scaled directions per half [2]; null unless directions must be materialised.</summary>
    public DenseSum[]? Directions { get; internal set; }

    /// <summary>[Σ s², Σ s along the guide, probes along the guide] or, for curvature, per block (Σ q, count); null without probes.</summary>
    public DenseSum? Scalars { get; internal set; }

    private long _loss;

    internal void Count(WorkResult result)
    {
        Works++;
        Examples += result.Examples;
        ForwardExamples += result.ForwardExamples;
        Correct += result.Correct;
        _loss = checked(_loss + (long)Math.Round(result.LossSum * LossUnit));
    }

    /// <summary>Adds another group's sums to this one.</summary>
    public void Merge(RoundSums other)
    {
        Works += other.Works;
        Examples += other.Examples;
        ForwardExamples += other.ForwardExamples;
        Correct += other.Correct;
        _loss = checked(_loss + other._loss);
        for (var half = 0; half < 2; half++)
        {
            Probes[half] += other.Probes[half];
            if (other.Signs is not null) Both(Signs)[half].Merge(other.Signs[half]);
            if (other.Directions is not null) Both(Directions)[half].Merge(other.Directions[half]);
        }

        if (other.Vector is not null) Both(Vector).Merge(other.Vector);
        if (other.Scalars is not null) Both(Scalars).Merge(other.Scalars);
    }

    /// <summary>Portable bytes.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        foreach (var number in new[] { Works, Examples, ForwardExamples, Correct, _loss, Probes[0], Probes[1] }) writer.Write(number);
        writer.Write((byte)((Vector is null ? 0 : 1) | (Signs is null ? 0 : 2) | (Directions is null ? 0 : 4) | (Scalars is null ? 0 : 8)));
        Vector?.Write(writer);
        foreach (var sum in Signs ?? []) sum.Write(writer);
        foreach (var sum in Directions ?? []) sum.Write(writer);
        Scalars?.Write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are not sums, or are damaged.</exception>
    public static RoundSums FromBytes(ReadOnlySpan<byte> bytes) => Binary.Parse(bytes, "The round's sums", reader =>
    {
        var sums = new RoundSums
        {
            Works = reader.ReadInt64(),
            Examples = reader.ReadInt64(),
            ForwardExamples = reader.ReadInt64(),
            Correct = reader.ReadInt64(),
            _loss = reader.ReadInt64(),
        };
        sums.Probes[0] = reader.ReadInt64();
        sums.Probes[1] = reader.ReadInt64();
        var parts = reader.ReadByte();
        if ((parts & 1) != 0) sums.Vector = DenseSum.Read(reader);
        if ((parts & 2) != 0) sums.Signs = [SignedSum.Read(reader), SignedSum.Read(reader)];
        if ((parts & 4) != 0) sums.Directions = [DenseSum.Read(reader), DenseSum.Read(reader)];
        if ((parts & 8) != 0) sums.Scalars = DenseSum.Read(reader);
        return sums;
    });

    private static T Both<T>(T? mine)
        where T : class
        => mine ?? throw new InvalidOperationException("Sums of different kinds of work cannot be merged: reduce both with the same plan.");
}
