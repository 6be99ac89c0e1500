using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>Who is invited to a round and with how many probes. Follows from its arguments alone.</summary>
public static class CohortChoice
{
    /// <summary>A device gets at most this many times the probes of the plan.</summary>
    private const double MostLoad = 4;

    /// <summary>However many devices dropped out, at most so many times as many are invited.</summary>
    private const double MostDropOut = 0.5;

    /// <summary>The cohort; slots are places in the ordinal order of the chosen ids.</summary>
    public static IReadOnlyList<CohortMember> Choose(CohortSpec cohort, RoundOrder order, ulong seed, IReadOnlyList<PoolEntry> devices)
    {
        var adaptive = cohort.Schedule == ScheduleKind.Adaptive;
        var size = order.CohortSize == 0 ? devices.Count : Math.Min(devices.Count, adaptive ? OverSelected(cohort, order.CohortSize, devices) : order.CohortSize);
        var chosen = devices.OrderBy(d => Rank(seed, order.Round, d.DeviceId)).ThenBy(d => d.DeviceId, StringComparer.Ordinal)
            .Take(size)
            .OrderBy(d => d.DeviceId, StringComparer.Ordinal)
            .ToList();
        var mean = MeanSpeed(chosen);
        return [.. chosen.Select((device, slot) => new CohortMember
        {
            DeviceId = device.DeviceId,
            Slot = (uint)slot,
            ProbeCount = adaptive && order.Kind == (byte)WorkKind.Probes ? Load(order.ProbesPerDevice, device.PassesPerSecond, mean) : order.ProbesPerDevice,
        })];
    }

    /// <summary>A pseudo-random rank that does not depend on the order or number of the other devices.</summary>
    private static ulong Rank(ulong seed, uint round, string deviceId)
    {
        var bytes = new byte[12 + Encoding.UTF8.GetByteCount(deviceId)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, seed);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), round);
        Encoding.UTF8.GetBytes(deviceId, bytes.AsSpan(12));
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(bytes));
    }

    private static int OverSelected(CohortSpec cohort, int size, IReadOnlyList<PoolEntry> devices)
    {
        var assigned = devices.Sum(d => (long)d.Assigned);
        var dropOut = assigned == 0 ? 0 : Math.Min(MostDropOut, devices.Sum(d => (long)d.Missed) / (double)assigned);
        return (int)Math.Ceiling(size * Math.Max(cohort.OverSelection, 1 / (1 - dropOut)));
    }

    private static double MeanSpeed(List<PoolEntry> chosen)
    {
        var known = chosen.Where(d => d.PassesPerSecond > 0).ToList();
        return known.Count == 0 ? 0 : known.Average(d => d.PassesPerSecond);
    }

    /// <summary>In proportion to speed, so that all finish together; a device of unknown speed gets the plan's number.</summary>
    private static int Load(int probes, double speed, double mean) =>
        speed > 0 && mean > 0 ? (int)Math.Clamp(Math.Round(probes * speed / mean), 1, probes * MostLoad) : probes;
}
