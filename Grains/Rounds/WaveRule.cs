using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>When a wave has enough, and what its members are asked.</summary>
public static class WaveRule
{
    /// <summary>Contributions that close a wave: the whole cohort, or the quorum of the devices wanted (without those invited on top).</summary>
    public static int Needed(CohortSpec cohort, RoundOrder order, int invited)
    {
        if (cohort.Schedule == ScheduleKind.Fixed) return invited;
        var wanted = order.CohortSize == 0 ? invited : Math.Min(order.CohortSize, invited);
        return Math.Clamp((int)Math.Ceiling(cohort.Quorum * wanted), 1, invited);
    }

    /// <summary>A member's work in a wave. Follows from order, member and wave alone, so it can be made again after a crash.</summary>
    public static Assignment Work(JobSpec spec, RoundOrder order, CohortMember member, uint wave) => new()
    {
        JobId = spec.Id,
        Round = order.Round,
        Wave = wave,
        Slot = member.Slot,
        Kind = member.Exact ? (byte)WorkKind.ExactGradient : order.Kind,
        ModelVersion = order.ModelVersion,
        FirstProbe = checked(wave * (uint)member.ProbeCount),
        ProbeCount = member.ProbeCount,
        BatchSize = order.BatchSize,
        Deadline = spec.Cohort.Deadline,
    };
}
