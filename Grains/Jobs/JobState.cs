using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="JobGrain"/>.</summary>
[GenerateSerializer, Alias("fl.state.job")]
public sealed class JobState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    /// <summary>The job; null before it was submitted.</summary>
    [Id(1)] public JobSpec? Spec { get; set; }

    [Id(2)] public JobPhase Phase { get; set; }

    [Id(3)] public string? Message { get; set; }

    [Id(4)] public long Revision { get; set; }

    [Id(5)] public bool PauseRequested { get; set; }

    /// <summary>The open round; null between rounds.</summary>
    [Id(6)] public RoundOrder? Open { get; set; }

    /// <summary>Who was invited to it.</summary>
    [Id(7)] public IReadOnlyList<CohortMember> Cohort { get; set; } = [];

    /// <summary>Status of the last closed round.</summary>
    [Id(8)] public RoundStatus? LastRound { get; set; }

    [Id(9)] public int Devices { get; set; }

    [Id(10)] public long Contributions { get; set; }

    [Id(11)] public long Probes { get; set; }

    [Id(12)] public long Late { get; set; }

    [Id(13)] public long Dropped { get; set; }

    [Id(14)] public int ProbeRounds { get; set; }

    [Id(15)] public List<Evaluation> Evaluations { get; set; } = [];

    /// <summary>Version at the end of the head fit; null before.</summary>
    [Id(16)] public long? HeadOnlyVersion { get; set; }

    [Id(17)] public Evaluation? HeadOnly { get; set; }

    /// <summary>The devices know that the job has ended.</summary>
    [Id(18)] public bool Released { get; set; }

    /// <summary>An evaluation is due at the next version.</summary>
    [Id(19)] public bool EvaluationDue { get; set; }
}
