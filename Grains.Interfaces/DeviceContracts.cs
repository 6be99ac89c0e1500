namespace FwdLLM.Grains.Interfaces;

/// <summary>A device introduces itself to a job.</summary>
[GenerateSerializer, Immutable, Alias("fl.enrol.v1")]
public sealed record Enrolment
{
    /// <summary>Newest protocol version the agent speaks.</summary>
    [Id(0)] public required int Protocol { get; init; }

    /// <summary>Job to work for.</summary>
    [Id(1)] public required string JobId { get; init; }

    /// <summary>Private examples the device holds.</summary>
    [Id(2)] public required int Examples { get; init; }

    /// <summary>Agent's version, for logs.</summary>
    [Id(3)] public string Agent { get; init; } = "";

    /// <summary>The device has memory for exact gradients. Agents that do not know the field have not.</summary>
    [Id(4)] public bool Exact { get; init; }

    /// <summary>Oldest protocol version the agent speaks; 0 from agents that speak one version only.</summary>
    [Id(5)] public int OldestProtocol { get; init; }
}

/// <summary>Answer to an enrolment.</summary>
[GenerateSerializer, Immutable, Alias("fl.welcome.v1")]
public sealed record Welcome
{
    /// <summary>Null when welcome; otherwise why not, and what to do.</summary>
    [Id(0)] public string? Refusal { get; init; }

    /// <summary>The job, when welcome.</summary>
    [Id(1)] public JobSpec? Job { get; init; }

    /// <summary>Protocol version both go on with, the newest in common (<see cref="ProtocolVersion.InCommon"/>).</summary>
    [Id(2)] public int Protocol { get; init; }

    /// <summary>Neither refused nor welcome, because the cluster is busy or the device enrols too often: enrol again not before this.</summary>
    [Id(3)] public TimeSpan RetryMin { get; init; }

    /// <summary>Then: enrol again at a random moment before this; zero otherwise.</summary>
    [Id(4)] public TimeSpan RetryMax { get; init; }
}

/// <summary>Asks for work. Answered at once when work waits, otherwise when it comes or after <see cref="Wait"/>.</summary>
[GenerateSerializer, Immutable, Alias("fl.checkin.v1")]
public sealed record CheckIn
{
    /// <summary>Longest time the call may wait for work; capped by the cluster.</summary>
    [Id(0)] public TimeSpan Wait { get; init; }

    /// <summary>Forward passes (of 8 examples) per second the device measured; 0 when unknown.</summary>
    [Id(1)] public float PassesPerSecond { get; init; }
}

/// <summary>Work, or when to ask again, or that the job is over.</summary>
[GenerateSerializer, Immutable, Alias("fl.checkinreply.v1")]
public sealed record CheckInReply
{
    /// <summary>The work, if any.</summary>
    [Id(0)] public Assignment? Assignment { get; init; }

    /// <summary>Without work: ask again not before this.</summary>
    [Id(1)] public TimeSpan RetryMin { get; init; }

    /// <summary>Without work: ask again at a random moment before this.</summary>
    [Id(2)] public TimeSpan RetryMax { get; init; }

    /// <summary>The job has ended; the device may leave.</summary>
    [Id(3)] public bool JobEnded { get; init; }

    /// <summary>The cluster does not know the device (any more): enrol again.</summary>
    [Id(4)] public bool NotEnrolled { get; init; }
}

/// <summary>Work for one device in one wave of one round.</summary>
[GenerateSerializer, Immutable, Alias("fl.assignment.v1")]
public sealed record Assignment
{
    /// <summary>Job.</summary>
    [Id(0)] public required string JobId { get; init; }

    /// <summary>Round.</summary>
    [Id(1)] public required uint Round { get; init; }

    /// <summary>Wave in the round, from 0.</summary>
    [Id(2)] public required uint Wave { get; init; }

    /// <summary>The device's place in the cohort; part of the address of its directions.</summary>
    [Id(3)] public required uint Slot { get; init; }

    /// <summary>Value of <c>FwdLLM.Learning.Training.WorkKind</c>.</summary>
    [Id(4)] public required byte Kind { get; init; }

    /// <summary>Model version to work on.</summary>
    [Id(5)] public required long ModelVersion { get; init; }

    /// <summary>First probe's index.</summary>
    [Id(6)] public uint FirstProbe { get; init; }

    /// <summary>K.</summary>
    [Id(7)] public int ProbeCount { get; init; }

    /// <summary>Examples in the batch; 0 for the whole shard.</summary>
    [Id(8)] public int BatchSize { get; init; }

    /// <summary>Time from receipt after which the result is late.</summary>
    [Id(9)] public TimeSpan Deadline { get; init; }
}

/// <summary>A device's result for one assignment. Addressed by (job, round, wave): sending it again changes nothing.</summary>
[GenerateSerializer, Immutable, Alias("fl.contribution.v1")]
public sealed record Contribution
{
    /// <summary>Round.</summary>
    [Id(0)] public required uint Round { get; init; }

    /// <summary>Wave.</summary>
    [Id(1)] public required uint Wave { get; init; }

    /// <summary>Model version the work was done on.</summary>
    [Id(2)] public required long ModelVersion { get; init; }

    /// <summary>Examples used.</summary>
    [Id(3)] public int Examples { get; init; }

    /// <summary>Examples that passed forward, directions counted singly; divided by 8 this is the published tables' passes.</summary>
    [Id(4)] public long ForwardExamples { get; init; }

    /// <summary>Sum of losses over the examples.</summary>
    [Id(5)] public float LossSum { get; init; }

    /// <summary>Examples classified correctly.</summary>
    [Id(6)] public int Correct { get; init; }

    /// <summary>K float32 little-endian scalars.</summary>
    [Id(7)] public byte[] Scalars { get; init; } = [];

    /// <summary>Packed vector of the work kinds that have one (see <c>FwdLLM.Learning.PackedVector</c>).</summary>
    [Id(8)] public byte[] Vector { get; init; } = [];

    /// <summary>Milliseconds of computation.</summary>
    [Id(9)] public int ElapsedMilliseconds { get; init; }

    /// <summary>
    /// <see cref="TagOf"/> the job; 0 from agents that do not send it. A message that was on its way while the device went to another
    /// job would otherwise pass for that job's work of the same round.
    /// </summary>
    [Id(10)] public ushort JobTag { get; init; }

    /// <summary>16 bits of a job's id (<see cref="Fnv1a"/>, folded), never 0: two bytes on the wire where the id would be dozens.</summary>
    public static ushort TagOf(string jobId)
    {
        var hash = Fnv1a.Of(jobId);
        return (ushort)Math.Max(1, (hash >> 16) ^ (hash & 0xFFFF));
    }
}

/// <summary>What became of a contribution.</summary>
[GenerateSerializer, Alias("fl.verdict.v1")]
public enum Verdict
{
    /// <summary>Durable and counted (also when it arrived before).</summary>
    Accepted = 0,

    /// <summary>Durable, but its wave was closed; used if the version still matches, otherwise set aside.</summary>
    Late = 1,

    /// <summary>Not accepted; the receipt says why. Sending it again will not help.</summary>
    Refused = 2,
}

/// <summary>Acknowledges a contribution. Sent only after it is durable.</summary>
[GenerateSerializer, Immutable, Alias("fl.receipt.v1")]
public sealed record Receipt
{
    /// <summary>Verdict.</summary>
    [Id(0)] public required Verdict Verdict { get; init; }

    /// <summary>Why refused, with the value and the bound it broke; null otherwise.</summary>
    [Id(1)] public string? Reason { get; init; }
}

/// <summary>One piece of a model snapshot (see <c>FwdLLM.Learning.Training.ModelSnapshot</c>).</summary>
[GenerateSerializer, Immutable, Alias("fl.chunk.v1")]
public sealed record SnapshotChunk
{
    /// <summary>Version this belongs to.</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>Length of the whole snapshot in bytes.</summary>
    [Id(1)] public required int TotalBytes { get; init; }

    /// <summary>Bytes from the requested offset, at most 128 KiB; empty at the end.</summary>
    [Id(2)] public required byte[] Data { get; init; }
}
