using Orleans.Concurrency;

namespace FwdLLM.Grains.Interfaces;

/// <summary>One round of one job. Key: "job/round".</summary>
[GrainInterfaceType("fl.round"), Alias("fl.round")]
public interface IRoundGrain : IGrainWithStringKey
{
    /// <summary>Opens the round; does nothing when it is open, reports again when it is closed.</summary>
    [Alias("Open")]
    Task Open(JobSpec spec, RoundOrder order, IReadOnlyList<CohortMember> cohort);

    /// <summary>From a device grain: a contribution is durable.</summary>
    [Alias("Accepted"), AlwaysInterleave]
    Task Accepted(string deviceId, Assignment assignment, Contribution contribution);

    /// <summary>Where the round stands.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<RoundStatus> GetStatus();
}

/// <summary>An invited device.</summary>
[GenerateSerializer, Immutable, Alias("fl.member.v1")]
public sealed record CohortMember
{
    /// <summary>Device id.</summary>
    [Id(0)] public required string DeviceId { get; init; }

    /// <summary>Place in the cohort.</summary>
    [Id(1)] public required uint Slot { get; init; }

    /// <summary>Probes it gets per wave.</summary>
    [Id(2)] public required int ProbeCount { get; init; }

    /// <summary>It gives exact gradients in place of probes.</summary>
    [Id(3)] public bool Exact { get; init; }
}

/// <summary>Progress of a round.</summary>
[GenerateSerializer, Immutable, Alias("fl.roundstatus.v1")]
public sealed record RoundStatus
{
    /// <summary>Round.</summary>
    [Id(0)] public required uint Round { get; init; }

    /// <summary>Current wave.</summary>
    [Id(1)] public required uint Wave { get; init; }

    /// <summary>Devices invited to this wave.</summary>
    [Id(2)] public int Invited { get; init; }

    /// <summary>Contributions accepted in this wave.</summary>
    [Id(3)] public int Accepted { get; init; }

    /// <summary>Late contributions in this round.</summary>
    [Id(4)] public int Late { get; init; }

    /// <summary>Devices that gave nothing before a deadline in this round.</summary>
    [Id(5)] public int Dropped { get; init; }

    /// <summary>Last gate reading, NaN before the first.</summary>
    [Id(6)] public double GateReading { get; init; } = double.NaN;

    /// <summary>The gate's threshold, NaN without a gate.</summary>
    [Id(7)] public double GateThreshold { get; init; } = double.NaN;

    /// <summary>Closed and committed.</summary>
    [Id(8)] public bool Closed { get; init; }

    /// <summary>Contributions accepted in this round, all waves.</summary>
    [Id(9)] public int Contributions { get; init; }

    /// <summary>Probes accepted in this round, all waves.</summary>
    [Id(10)] public long Probes { get; init; }

    /// <summary>Mean loss over the examples of this round's contributions; NaN before the first.</summary>
    [Id(11)] public double TrainingLoss { get; init; } = double.NaN;
}
