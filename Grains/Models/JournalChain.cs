using System.Security.Cryptography;
using System.Text;
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
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Convert.FromHexString(previous));
            Write(writer, record);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
    }

    private static void Write(BinaryWriter writer, RoundRecord record)
    {
        writer.Write(record.Order.Round);
        writer.Write(record.Order.Kind);
        writer.Write(record.Order.ModelVersion);
        writer.Write(record.Order.CohortSize);
        writer.Write(record.Order.BatchSize);
        writer.Write(record.Order.ProbesPerDevice);
        writer.Write(record.Order.MaxWaves);
        writer.Write(record.Contributions.Count);
        foreach (var entry in record.Contributions) Write(writer, entry);
    }

    private static void Write(BinaryWriter writer, RecordedContribution entry)
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
