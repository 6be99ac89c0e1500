using System.Security.Cryptography;
using System.Text;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>
/// Contributions in a compact form without loss. What follows from the order is written only where it differs: an assignment
/// is its wave and slot, and a contribution of K probes takes about 4·K + 21 bytes and its device's name.
/// </summary>
public static class JournalPart
{
    private const byte Version = 1;

    /// <summary>Shortest contribution: flags, name, wave, slot, five numbers and the check.</summary>
    private const int LeastBytes = 16, CheckBytes = 4;

    [Flags]
    private enum Explicit : byte
    {
        None = 0,
        Kind = 1,
        ProbeCount = 2,
        FirstProbe = 4,
        BatchSize = 8,
        Address = 16,
        ScalarBytes = 32,
        Vector = 64,
        All = 127,
    }

    /// <summary>Bytes of some contributions to one order, in the journal's order.</summary>
    public static byte[] Write(RoundOrder order, IReadOnlyList<RecordedContribution> contributions)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        var (job, deadline) = contributions.Count > 0 ? (contributions[0].Assignment.JobId, contributions[0].Assignment.Deadline) : ("", TimeSpan.Zero);
        writer.Write(Version);
        writer.Write(job);
        writer.Write(deadline.Ticks);
        writer.Write7BitEncodedInt(contributions.Count);
        byte[] before = [];
        foreach (var contribution in contributions) before = Write(writer, order, job, deadline, contribution, before);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads <see cref="Write(RoundOrder, IReadOnlyList{RecordedContribution})"/>.</summary>
    /// <exception cref="InvalidDataException">Damaged; names the round and, where it can, the device.</exception>
    public static IReadOnlyList<RecordedContribution> Read(RoundOrder order, byte[] bytes) => JournalReader.Parse(bytes, JournalEntry.Name(order.Round), reader =>
    {
        if (reader.ReadByte() is var version && version != Version) throw new InvalidDataException($"its contributions have version {version} and this build reads {Version}; use the build that wrote it");
        var job = reader.Text("job id");
        var deadline = new TimeSpan(reader.ReadInt64());
        var contributions = new RecordedContribution[reader.Count(LeastBytes, "contributions")];
        byte[] before = [];
        for (var i = 0; i < contributions.Length; i++)
        {
            before = Name(reader, before, i);
            var device = Encoding.UTF8.GetString(before);
            try
            {
                contributions[i] = Read(reader, order, job, deadline, device);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or OverflowException)
            {
                throw new InvalidDataException($"contribution {i} (device '{device}'): {(e is InvalidDataException ? e.Message : "it breaks off")}", e);
            }

            if (!reader.Bytes(CheckBytes, "check").AsSpan().SequenceEqual(Check(contributions[i])))
                throw new InvalidDataException($"contribution {i} (device '{device}', wave {contributions[i].Assignment.Wave}, slot {contributions[i].Assignment.Slot}) was changed: its check does not match");
        }

        return contributions;
    });

    private static byte[] Write(BinaryWriter writer, RoundOrder order, string job, TimeSpan deadline, RecordedContribution entry, byte[] before)
    {
        var (work, result) = (entry.Assignment, entry.Contribution);
        var has = Explicit.None;
        if (work.Kind != order.Kind) has |= Explicit.Kind;
        if (work.ProbeCount != order.ProbesPerDevice) has |= Explicit.ProbeCount;
        if (work.FirstProbe != FirstProbe(work.Wave, work.ProbeCount)) has |= Explicit.FirstProbe;
        if (work.BatchSize != order.BatchSize) has |= Explicit.BatchSize;
        if ((work.JobId, work.Round, work.ModelVersion, work.Deadline) != (job, order.Round, order.ModelVersion, deadline)
            || (result.Round, result.Wave, result.ModelVersion) != (work.Round, work.Wave, work.ModelVersion)) has |= Explicit.Address;
        if (result.Scalars.Length != ScalarBytes(work.ProbeCount)) has |= Explicit.ScalarBytes;
        if (result.Vector.Length > 0) has |= Explicit.Vector;

        var name = Encoding.UTF8.GetBytes(entry.DeviceId);
        var shared = name.AsSpan().CommonPrefixLength(before);
        writer.Write7BitEncodedInt(shared);
        writer.Write7BitEncodedInt(name.Length - shared);
        writer.Write(name.AsSpan(shared));
        writer.Write((byte)has);
        writer.Write7BitEncodedInt64(work.Wave);
        writer.Write7BitEncodedInt64(work.Slot);
        if (has.HasFlag(Explicit.Kind)) writer.Write(work.Kind);
        if (has.HasFlag(Explicit.ProbeCount)) writer.Write7BitEncodedInt(work.ProbeCount);
        if (has.HasFlag(Explicit.FirstProbe)) writer.Write(work.FirstProbe);
        if (has.HasFlag(Explicit.BatchSize)) writer.Write7BitEncodedInt(work.BatchSize);
        if (has.HasFlag(Explicit.Address))
        {
            writer.Write(work.JobId);
            writer.Write(work.Round);
            writer.Write(work.ModelVersion);
            writer.Write(work.Deadline.Ticks);
            writer.Write(result.Round);
            writer.Write(result.Wave);
            writer.Write(result.ModelVersion);
        }

        writer.Write7BitEncodedInt(result.Examples);
        writer.Write7BitEncodedInt64(result.ForwardExamples);
        writer.Write(result.LossSum);
        writer.Write7BitEncodedInt(result.Correct);
        writer.Write7BitEncodedInt(result.ElapsedMilliseconds);
        if (has.HasFlag(Explicit.ScalarBytes)) writer.Write7BitEncodedInt(result.Scalars.Length);
        writer.Write(result.Scalars);
        if (has.HasFlag(Explicit.Vector)) writer.Write7BitEncodedInt(result.Vector.Length);
        writer.Write(result.Vector);
        writer.Write(Check(entry));
        return name;
    }

    private static RecordedContribution Read(JournalReader reader, RoundOrder order, string job, TimeSpan deadline, string device)
    {
        var has = (Explicit)reader.ReadByte();
        if ((has & ~Explicit.All) != 0) throw new InvalidDataException($"its flags are {(byte)has:x2}; this build knows 00 to 7f");
        var (wave, slot) = (checked((uint)reader.Read7BitEncodedInt64()), checked((uint)reader.Read7BitEncodedInt64()));
        var kind = has.HasFlag(Explicit.Kind) ? reader.ReadByte() : order.Kind;
        var probes = has.HasFlag(Explicit.ProbeCount) ? reader.Read7BitEncodedInt() : order.ProbesPerDevice;
        var first = has.HasFlag(Explicit.FirstProbe) ? reader.ReadUInt32() : FirstProbe(wave, probes);
        var batch = has.HasFlag(Explicit.BatchSize) ? reader.Read7BitEncodedInt() : order.BatchSize;
        var work = new Assignment { JobId = job, Round = order.Round, Wave = wave, Slot = slot, Kind = kind, ModelVersion = order.ModelVersion, FirstProbe = first, ProbeCount = probes, BatchSize = batch, Deadline = deadline };
        var answers = (order.Round, Wave: wave, order.ModelVersion);
        if (has.HasFlag(Explicit.Address))
        {
            work = work with { JobId = reader.Text("job id"), Round = reader.ReadUInt32(), ModelVersion = reader.ReadInt64(), Deadline = new TimeSpan(reader.ReadInt64()) };
            answers = (reader.ReadUInt32(), reader.ReadUInt32(), reader.ReadInt64());
        }

        return new RecordedContribution
        {
            DeviceId = device,
            Assignment = work,
            Contribution = new Contribution
            {
                Round = answers.Round,
                Wave = answers.Wave,
                ModelVersion = answers.ModelVersion,
                Examples = reader.Read7BitEncodedInt(),
                ForwardExamples = reader.Read7BitEncodedInt64(),
                LossSum = reader.ReadSingle(),
                Correct = reader.Read7BitEncodedInt(),
                ElapsedMilliseconds = reader.Read7BitEncodedInt(),
                Scalars = reader.Bytes(has.HasFlag(Explicit.ScalarBytes) ? reader.Read7BitEncodedInt() : (int)Math.Min(int.MaxValue, ScalarBytes(probes)), "list of scalars"),
                Vector = has.HasFlag(Explicit.Vector) ? reader.Bytes(reader.Read7BitEncodedInt(), "vector") : [],
            },
        };
    }

    private static byte[] Name(JournalReader reader, byte[] before, int index)
    {
        var shared = reader.Read7BitEncodedInt();
        if (shared < 0 || shared > before.Length) throw new InvalidDataException($"contribution {index} shares {shared} bytes of a name of {before.Length}");
        return [.. before.AsSpan(0, shared), .. reader.Bytes(reader.Read7BitEncodedInt(), $"device name of contribution {index}")];
    }

    // As WaveRule gives them, whatever a damaged record says.
    private static uint FirstProbe(uint wave, int probes) => unchecked(wave * (uint)probes);

    private static long ScalarBytes(int probes) => sizeof(float) * (long)probes;

    // Names the device of a changed contribution; what proves that nothing was changed is the chain.
    private static ReadOnlySpan<byte> Check(RecordedContribution entry)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        JournalChain.Write(writer, entry);
        writer.Write(entry.Assignment.Kind);
        writer.Flush();
        return SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)).AsSpan(0, CheckBytes);
    }
}
