namespace FwdLLM.Bench;

/// <summary>The calls a device makes.</summary>
internal enum WireCall
{
    /// <summary>Joining a job, once.</summary>
    Enrolment,

    /// <summary>A check-in that was answered with work.</summary>
    CheckInWithWork,

    /// <summary>A check-in that was answered with "come again".</summary>
    CheckInWithoutWork,

    /// <summary>Fetching a model version.</summary>
    Snapshot,

    /// <summary>Fetching what leads to a model version from the one before.</summary>
    Changes,

    /// <summary>Handing in probes.</summary>
    Contribution,

    /// <summary>Handing in sums and sums of squares of features, once per head fit.</summary>
    FeatureStatistics,

    /// <summary>Handing in the head's exact gradient, once per step of a head fit.</summary>
    HeadGradient,
}
