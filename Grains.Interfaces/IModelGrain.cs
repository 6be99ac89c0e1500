using Orleans.Concurrency;

namespace FwdLLM.Grains.Interfaces;

/// <summary>The model of one job: the only writer of θ. Key: job id.</summary>
[GrainInterfaceType("fl.model"), Alias("fl.model")]
public interface IModelGrain : IGrainWithStringKey
{
    /// <summary>Creates version 0 from the spec; does nothing when it exists.</summary>
    [Alias("Initialise")]
    Task<ModelHeader> Initialise(JobSpec spec);

    /// <summary>Version and next round, without the weights.</summary>
    [Alias("GetHeader"), ReadOnly]
    Task<ModelHeader> GetHeader();

    /// <summary>A chunk of the snapshot devices work on.</summary>
    /// <exception cref="VersionNotHeldException">The version is no longer (or not yet) held.</exception>
    [Alias("GetSnapshot"), ReadOnly]
    Task<SnapshotChunk> GetSnapshot(long version, int offset);

    /// <summary>What leads from the snapshot of version <paramref name="from"/> (−1 for none) to that of <paramref name="version"/>, in pieces; whichever is smaller of the difference and the whole.</summary>
    /// <exception cref="VersionNotHeldException"><paramref name="version"/> is no longer (or not yet) held. A <paramref name="from"/> that is not held is answered with the whole.</exception>
    [Alias("GetChanges"), ReadOnly]
    Task<ModelChanges> GetChanges(long from, long version, int offset);

    /// <summary>Applies a closed round; atomic, durable, and idempotent by round. For rounds that fit into a message.</summary>
    [Alias("Commit"), ResponseTimeout("00:02:00")]
    Task<ModelHeader> Commit(RoundRecord record);

    /// <summary>The same for a round of any size, whose contributions were stored in parts: the journal entry that names them.</summary>
    [Alias("CommitEntry"), ResponseTimeout("00:05:00")]
    Task<ModelHeader> CommitEntry(byte[] entry);

    /// <summary>Reads the journal entry of one round, or null. For rounds that fit into a message.</summary>
    [Alias("GetJournal"), ReadOnly]
    Task<RoundRecord?> GetJournal(uint round);

    /// <summary>What the journal belongs to and comes to now, or null when there is no such job.</summary>
    [Alias("GetJournalHead"), ReadOnly]
    Task<JournalHead?> GetJournalHead();

    /// <summary>The stored bytes of an entry (part 0) or of one of its parts (from 1), or null when there is none.</summary>
    [Alias("GetJournalBytes"), ReadOnly]
    Task<byte[]?> GetJournalBytes(uint round, int part);

    /// <summary>A chunk of the model state from which a replay starts when the oldest entries are gone (<see cref="JournalHead.First"/>).</summary>
    /// <exception cref="VersionNotHeldException">There is no checkpoint of that version.</exception>
    [Alias("GetCheckpoint"), ReadOnly]
    Task<SnapshotChunk> GetCheckpoint(long version, int offset);
}

/// <summary>Where a model stands.</summary>
[GenerateSerializer, Immutable, Alias("fl.modelheader.v1")]
public sealed record ModelHeader
{
    /// <summary>Committed version; one per closed round.</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>What the next round asks; null when training is complete.</summary>
    [Id(1)] public RoundOrder? Next { get; init; }

    /// <summary>SHA-256 chain over all journal entries so far (hex).</summary>
    [Id(2)] public required string JournalHash { get; init; }

    /// <summary>SHA-256 of θ and head as little-endian float32 (hex).</summary>
    [Id(3)] public required string AdapterSha256 { get; init; }

    /// <summary>Last step's report: short name → value (step length, gate reading, learning rate, …), for logs and views.</summary>
    [Id(4)] public IReadOnlyDictionary<string, double> Report { get; init; } = new Dictionary<string, double>();

    /// <summary>Forward passes of 8 examples spent so far.</summary>
    [Id(5)] public double ForwardPasses { get; init; }
}

/// <summary>What a round asks for; the transport form of <c>FwdLLM.Learning.Training.RoundPlan</c>.</summary>
[GenerateSerializer, Immutable, Alias("fl.roundorder.v1")]
public sealed record RoundOrder
{
    /// <summary>Round number, from 0.</summary>
    [Id(0)] public required uint Round { get; init; }

    /// <summary>Value of WorkKind.</summary>
    [Id(1)] public required byte Kind { get; init; }

    /// <summary>Model version devices work on.</summary>
    [Id(2)] public required long ModelVersion { get; init; }

    /// <summary>Devices wanted; 0 for all.</summary>
    [Id(3)] public int CohortSize { get; init; }

    /// <summary>Examples per device batch; 0 for the whole shard.</summary>
    [Id(4)] public int BatchSize { get; init; }

    /// <summary>Probes per device and wave.</summary>
    [Id(5)] public int ProbesPerDevice { get; init; }

    /// <summary>Most waves.</summary>
    [Id(6)] public int MaxWaves { get; init; } = 1;

    /// <summary>Phase name for people: "head fit", "curvature", "training", "head refit".</summary>
    [Id(7)] public string Phase { get; init; } = "";
}

/// <summary>A closed round, complete: from these records alone a run can be rebuilt bit for bit.</summary>
[GenerateSerializer, Immutable, Alias("fl.roundrecord.v1")]
public sealed record RoundRecord
{
    /// <summary>What was asked.</summary>
    [Id(0)] public required RoundOrder Order { get; init; }

    /// <summary>Accepted contributions with their assignments, sorted by (wave, slot).</summary>
    [Id(1)] public required IReadOnlyList<RecordedContribution> Contributions { get; init; }

    /// <summary>The gate's reading after each wave.</summary>
    [Id(2)] public IReadOnlyList<double> GateReadings { get; init; } = [];
}

/// <summary>One accepted contribution and the work it answers.</summary>
[GenerateSerializer, Immutable, Alias("fl.recorded.v1")]
public sealed record RecordedContribution
{
    /// <summary>Device id.</summary>
    [Id(0)] public required string DeviceId { get; init; }

    /// <summary>The work.</summary>
    [Id(1)] public required Assignment Assignment { get; init; }

    /// <summary>The result.</summary>
    [Id(2)] public required Contribution Contribution { get; init; }
}
