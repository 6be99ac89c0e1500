using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="DeviceGrain"/>.</summary>
[GenerateSerializer, Alias("fl.state.device")]
public sealed class DeviceState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    /// <summary>Job it works for; null before it enrolled.</summary>
    [Id(1)] public string? JobId { get; set; }

    [Id(2)] public int Examples { get; set; }

    [Id(3)] public float PassesPerSecond { get; set; }

    /// <summary>Waves of the current round, oldest first; the last is the current work.</summary>
    [Id(4)] public List<Assignment> Assignments { get; set; } = [];

    /// <summary>Accepted contributions of the current round.</summary>
    [Id(5)] public List<Contribution> Inbox { get; set; } = [];

    /// <summary>Verdicts given lately, oldest first, beyond the current round: a repeated contribution gets the same receipt.</summary>
    [Id(6)] public List<GivenVerdict> Verdicts { get; set; } = [];

    [Id(7)] public int Assigned { get; set; }

    [Id(8)] public int Missed { get; set; }

    [Id(9)] public bool JobEnded { get; set; }

    /// <summary>It computes exact gradients.</summary>
    [Id(10)] public bool Exact { get; set; }

    /// <summary>The round of the current work has taken what there was: what comes now is late.</summary>
    [Id(11)] public bool WorkClosed { get; set; }

    /// <summary>Rounds of the job below this one have taken what there was: work for them that comes now was long on its way.</summary>
    [Id(12)] public uint ClosedRounds { get; set; }
}
