using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Sampling;
using FwdLLM.Learning.Scheduling;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>Who is invited to a round and with how many probes. Follows from its arguments alone; the rules are in Learning.</summary>
public static class CohortChoice
{
    /// <summary>Forward passes of the measured speeds are of so many examples.</summary>
    private const double ExamplesPerPass = 8;

    /// <summary>Part of a wave's deadline that is not probes: download, primal pass, upload, and a margin for a device that slows down.</summary>
    private const double OverheadShare = 0.25;

    /// <summary>A device gets at most this many times the probes of the plan, so that none dominates the estimate.</summary>
    private const int MostLoad = 4;

    /// <summary>The cohort; slots are places in the ordinal order of the chosen ids.</summary>
    public static IReadOnlyList<CohortMember> Choose(CohortSpec cohort, RoundOrder order, ulong seed, IReadOnlyList<PoolEntry> devices)
    {
        var byId = devices.ToDictionary(d => d.DeviceId, StringComparer.Ordinal);
        var sorted = byId.Keys.Order(StringComparer.Ordinal).ToArray();
        var invited = Invitations(cohort, order, devices);
        var chosen = invited >= sorted.Length ? sorted : CohortSampler.Draw(StreamKey.FromSeed(seed, "cohorts"), order.Round, sorted, invited);
        Array.Sort(chosen, StringComparer.Ordinal);
        bool IsExact(string id) => order.Kind == (byte)WorkKind.Probes && byId[id].Exact;
        var loads = new Queue<int>(Loads(cohort, order, [.. chosen.Where(id => !IsExact(id)).Select(id => (double)byId[id].PassesPerSecond)]));
        return [.. chosen.Select((id, slot) => new CohortMember { DeviceId = id, Slot = (uint)slot, ProbeCount = IsExact(id) ? 0 : loads.Dequeue(), Exact = IsExact(id) })];
    }

    private static int Invitations(CohortSpec cohort, RoundOrder order, IReadOnlyList<PoolEntry> devices)
    {
        if (order.CohortSize == 0) return devices.Count;
        if (cohort.Schedule == ScheduleKind.Fixed) return order.CohortSize;
        var assigned = devices.Sum(d => (long)d.Assigned);
        var dropOut = assigned == 0 ? 0 : Math.Min(1, devices.Sum(d => (long)d.Missed) / (double)assigned);
        return OverSelection.Invitations(order.CohortSize, cohort.Quorum, dropOut, cohort.OverSelection);
    }

    private static int[] Loads(CohortSpec cohort, RoundOrder order, double[] speeds)
    {
        var known = speeds.Where(s => s > 0).ToList();
        if (cohort.Schedule == ScheduleKind.Fixed || order.Kind != (byte)WorkKind.Probes || known.Count == 0)
            return [.. Enumerable.Repeat(order.ProbesPerDevice, speeds.Length)];

        var mean = known.Average(); // A device that has not measured itself yet is taken for an average one.
        var deadline = cohort.Deadline.TotalSeconds;
        return LoadAllocation.Allocate(
            [.. speeds.Select(s => s > 0 ? s : mean)],
            deadline,
            deadline * OverheadShare,
            costPerProbe: Math.Max(1, order.BatchSize) / ExamplesPerPass,
            minimum: 1,
            maximum: order.ProbesPerDevice * MostLoad,
            target: (long)order.ProbesPerDevice * speeds.Length);
    }
}
