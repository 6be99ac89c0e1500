namespace FwdLLM.Grains;

/// <summary>
/// The transitions of a round, in their order. At each the grains have stored something and not yet told anybody, or the other
/// way round: where a silo that dies leaves the most to be repaired. Their names in kebab case are those of <c>--fault</c>.
/// </summary>
public enum FaultPoint
{
    /// <summary>Job: cohort and order of the next round are stored, the round does not know of them.</summary>
    RoundOpened,

    /// <summary>Device: work is stored, the device has not been told.</summary>
    Assigned,

    /// <summary>Device: a contribution is stored, neither device nor round know it.</summary>
    Accepted,

    /// <summary>Device: it came back after its contribution, so it has the receipt.</summary>
    Acknowledged,

    /// <summary>Round: the gate let the wave's sums pass; nothing of it is stored.</summary>
    GatePassed,

    /// <summary>Model: the step is made, in memory only.</summary>
    StepComputed,

    /// <summary>Model: the journal entry is stored, the version is not.</summary>
    EntryWritten,

    /// <summary>Model: the new version is stored, the round does not know.</summary>
    VersionCommitted,

    /// <summary>Round: stored as closed, the job does not know.</summary>
    RoundClosed,

    /// <summary>Job: stored as finished, the devices do not know.</summary>
    JobFinished,
}
