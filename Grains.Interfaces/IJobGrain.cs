using Orleans.Concurrency;

namespace FwdLLM.Grains.Interfaces;

/// <summary>The coordinator of one job. Key: job id.</summary>
[GrainInterfaceType("fl.job"), Alias("fl.job")]
public interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Creates the job, or continues it when the same spec was submitted before. A different spec under the same id is refused.</summary>
    /// <exception cref="JobInvalidException">The spec breaks rules; all of them are named.</exception>
    /// <exception cref="JobConflictException">The job exists with another spec.</exception>
    [Alias("Submit")]
    Task<JobStatus> Submit(JobSpec spec);

    /// <summary>Pauses after the open round; <see cref="Submit"/> with the same spec continues.</summary>
    [Alias("Pause")]
    Task Pause();

    /// <summary>Status; waits up to <paramref name="wait"/> for a revision newer than <paramref name="knownRevision"/>.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<JobStatus> GetStatus(long knownRevision, TimeSpan wait);

    /// <summary>The spec, or null when there is no such job.</summary>
    [Alias("GetSpec"), AlwaysInterleave]
    Task<JobSpec?> GetSpec();

    /// <summary>From the round: committed; open the next.</summary>
    [Alias("RoundClosed")]
    Task RoundClosed(uint round, RoundStatus status);

    /// <summary>From the round: it met an error that trying again will not cure; the job stops and says so.</summary>
    [Alias("RoundFailed")]
    Task RoundFailed(uint round, string reason);

    /// <summary>From the evaluator.</summary>
    [Alias("Evaluated")]
    Task Evaluated(Evaluation evaluation);
}

/// <summary>Phase of a job. Persisted: values never change.</summary>
[GenerateSerializer, Alias("fl.jobphase.v1")]
public enum JobPhase
{
    /// <summary>No such job.</summary>
    Unknown = 0,

    /// <summary>Waiting for devices.</summary>
    Waiting = 1,

    /// <summary>Rounds are running.</summary>
    Running = 2,

    /// <summary>Paused by the operator.</summary>
    Paused = 3,

    /// <summary>Complete.</summary>
    Finished = 4,

    /// <summary>Stopped by an error that needs a person.</summary>
    Failed = 5,
}

/// <summary>Result of one evaluation on the server's held-out set.</summary>
[GenerateSerializer, Immutable, Alias("fl.evaluation.v1")]
public sealed record Evaluation
{
    /// <summary>Model version evaluated.</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>Round after which it was made.</summary>
    [Id(1)] public required uint Round { get; init; }

    /// <summary>The task's figure, a fraction; what it is, <see cref="Metric"/> says.</summary>
    [Id(2)] public required double Accuracy { get; init; }

    /// <summary>Mean of the examples' losses.</summary>
    [Id(3)] public required double Loss { get; init; }

    /// <summary>Examples.</summary>
    [Id(4)] public required int Examples { get; init; }

    /// <summary>Forward passes the training had spent.</summary>
    [Id(5)] public double ForwardPasses { get; init; }

    /// <summary>Name of the task's figure: accuracy, f1, answer_match.</summary>
    [Id(6)] public string Metric { get => field ?? "accuracy"; init; }

    /// <summary>Every figure of the task by its name, the one above among them.</summary>
    [Id(7)] public IReadOnlyDictionary<string, double> Metrics { get => field ?? new Dictionary<string, double>(); init; }
}

/// <summary>Everything a progress view shows.</summary>
[GenerateSerializer, Immutable, Alias("fl.jobstatus.v1")]
public sealed record JobStatus
{
    /// <summary>Grows with every change.</summary>
    [Id(0)] public required long Revision { get; init; }

    /// <summary>Phase.</summary>
    [Id(1)] public required JobPhase Phase { get; init; }

    /// <summary>Why it failed or is waiting, for people; null otherwise.</summary>
    [Id(2)] public string? Message { get; init; }

    /// <summary>The model's header.</summary>
    [Id(3)] public ModelHeader? Model { get; init; }

    /// <summary>The open (or last) round.</summary>
    [Id(4)] public RoundStatus? Round { get; init; }

    /// <summary>Devices enrolled.</summary>
    [Id(5)] public int Devices { get; init; }

    /// <summary>Contributions accepted so far.</summary>
    [Id(6)] public long Contributions { get; init; }

    /// <summary>Probes accepted so far.</summary>
    [Id(7)] public long Probes { get; init; }

    /// <summary>Late contributions so far.</summary>
    [Id(8)] public long Late { get; init; }

    /// <summary>Missed assignments so far.</summary>
    [Id(9)] public long Dropped { get; init; }

    /// <summary>Mean training loss of the last closed round (devices' own batches), NaN before.</summary>
    [Id(10)] public double TrainingLoss { get; init; } = double.NaN;

    /// <summary>Evaluations so far, oldest first, at most 1,000.</summary>
    [Id(11)] public IReadOnlyList<Evaluation> Evaluations { get; init; } = [];

    /// <summary>Evaluation at the end of the head fit, before the adapter moved.</summary>
    [Id(12)] public Evaluation? HeadOnly { get; init; }

    /// <summary>Rounds still to go by the stop rule, or -1 when not known.</summary>
    [Id(13)] public int RoundsLeft { get; init; } = -1;
}
