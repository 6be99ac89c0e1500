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

    /// <summary>The work of a device that computes exact gradients now, or probes, whichever it was chosen for: it may have come back as the other kind.</summary>
    /// <param name="work">What the round asks.</param>
    /// <param name="exact">Whether the device computes exact gradients.</param>
    /// <param name="probes">K, the probes of a device that was not chosen for any.</param>
    public static Assignment Fit(Assignment work, bool exact, int probes) => (WorkKind)work.Kind switch
    {
        WorkKind.Probes when exact => work with { Kind = (byte)WorkKind.ExactGradient, FirstProbe = 0, ProbeCount = 0 },
        WorkKind.ExactGradient when !exact => work with { Kind = (byte)WorkKind.Probes, FirstProbe = checked(work.Wave * (uint)probes), ProbeCount = probes },
        _ => work,
    };

    /// <summary>A member's work that a contribution answers: what it holds tells exact gradients from probes.</summary>
    public static Assignment Answered(JobSpec spec, RoundOrder order, CohortMember member, Contribution found) =>
        Fit(Work(spec, order, member, found.Wave), found.Vector.Length > 0, found.Scalars.Length / sizeof(float));
}
