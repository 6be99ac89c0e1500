using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>
/// Devices of a job with the fixed schedule, as they were when it started: cohorts then follow from the seed alone. A record
/// of its own, because it is large and never changes.
/// </summary>
[GenerateSerializer, Alias("fl.state.roster")]
public sealed class RosterState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    [Id(1)] public IReadOnlyList<PoolEntry> Devices { get; set; } = [];
}
