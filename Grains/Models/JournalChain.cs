using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>
/// The journal's hash chain: h(n+1) = SHA-256(h(n) ‖ entry n), the entry in a fixed little-endian form. What devices measured
/// of time is left out, so that two runs that computed the same have the same chain.
/// </summary>
public static class JournalChain
{
    /// <summary>Hash before the first entry (hex).</summary>
    public static string Start { get; } = new('0', 64);

    /// <summary>Hash after one more entry (hex).</summary>
    public static string Next(string previous, RoundRecord record)
    {
        using var link = new JournalLink(previous, record.Order, record.Contributions.Count);
        link.Add(record.Contributions);
        return link.Hash();
    }

    internal static void Write(BinaryWriter writer, RoundOrder order, int contributions)
    {
        writer.Write(order.Round);
        writer.Write(order.Kind);
        writer.Write(order.ModelVersion);
        writer.Write(order.CohortSize);
        writer.Write(order.BatchSize);
        writer.Write(order.ProbesPerDevice);
        writer.Write(order.MaxWaves);
        writer.Write(contributions);
    }

    internal static void Write(BinaryWriter writer, RecordedContribution entry)
    {
        writer.Write(entry.DeviceId);
        writer.Write(entry.Assignment.Wave);
        writer.Write(entry.Assignment.Slot);
        writer.Write(entry.Assignment.FirstProbe);
        writer.Write(entry.Assignment.ProbeCount);
        writer.Write(entry.Assignment.BatchSize);
        writer.Write(entry.Contribution.Examples);
        writer.Write(entry.Contribution.ForwardExamples);
        writer.Write(entry.Contribution.LossSum);
        writer.Write(entry.Contribution.Correct);
        writer.Write(entry.Contribution.Scalars.Length);
        writer.Write(entry.Contribution.Scalars);
        writer.Write(entry.Contribution.Vector.Length);
        writer.Write(entry.Contribution.Vector);
    }
}
