using System.Security.Cryptography;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests;

/// <summary>A cluster that answers from scripts, in memory and at once.</summary>
internal sealed class FakeCluster : IDeviceCluster
{
    private readonly Lock _lock = new();

    public static readonly JobSpec Job = new()
    {
        Id = "job",
        Model = new ModelReference { ManifestSha256 = new string('0', 64), FeatureSize = 2, Blocks = [] },
        Labels = ["no", "yes"],
        Algorithm = "{}",
        Cohort = new CohortSpec { ExpectedDevices = 1 },
    };

    public Queue<Func<Welcome>> Welcomes { get; } = [];

    public Queue<Func<CheckInReply>> Replies { get; } = [];

    public Queue<Func<Receipt>> Receipts { get; } = [];

    public List<Enrolment> Enrolments { get; } = [];

    public List<CheckIn> CheckIns { get; } = [];

    public List<Contribution> Contributions { get; } = [];

    public List<(long From, long Version, int Offset)> ChangesCalls { get; } = [];

    public Func<ModelChanges, ModelChanges> TamperChanges { get; set; } = changes => changes;

    public int SnapshotCalls { get; private set; }

    /// <summary>Completes before any snapshot is answered.</summary>
    public Task SnapshotGate { get; set; } = Task.CompletedTask;

    public Func<SnapshotChunk, SnapshotChunk> Tamper { get; set; } = chunk => chunk;

    public int ChunkBytes { get; set; } = 16;

    public long NewestVersion { get; set; } = long.MaxValue;

    public static ModelSnapshot Snapshot(long version) => new()
    {
        Version = (uint)version,
        Theta = [1, 2, 3],
        Head = [0, 0, 0, 0, 0, 0],
        FeatureMean = [0, 0],
        FeatureScale = [1, 1],
        BlockScale = [1],
    };

    public static CheckInReply Work(uint round, uint wave = 0) => new()
    {
        Assignment = new Assignment { JobId = Job.Id, Round = round, Wave = wave, Slot = 3, Kind = (byte)WorkKind.Probes, ModelVersion = round, ProbeCount = 2, BatchSize = 4, FirstProbe = 8 },
    };

    public Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation)
    {
        lock (_lock)
            Enrolments.Add(enrolment);
        return Answer(Welcomes, new Welcome { Job = Job, Protocol = ProtocolVersion.Current });
    }

    public Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation)
    {
        lock (_lock)
            CheckIns.Add(request);
        return Answer(Replies, new CheckInReply { JobEnded = true });
    }

    public Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation)
    {
        lock (_lock)
            Contributions.Add(contribution);
        return Answer(Receipts, new Receipt { Verdict = Verdict.Accepted });
    }

    public async Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation)
    {
        lock (_lock)
            SnapshotCalls++;
        await SnapshotGate.WaitAsync(cancellation);
        if (version > NewestVersion)
            throw new VersionNotHeldException(jobId, version, 0, NewestVersion);
        var bytes = Snapshot(version).ToBytes();
        return Tamper(new SnapshotChunk { Version = version, TotalBytes = bytes.Length, Data = bytes[offset..Math.Min(bytes.Length, offset + ChunkBytes)] });
    }

    public async Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation)
    {
        lock (_lock)
            ChangesCalls.Add((from, version, offset));
        await SnapshotGate.WaitAsync(cancellation);
        if (version > NewestVersion)
            throw new VersionNotHeldException(jobId, version, 0, NewestVersion);
        var bytes = SnapshotChanges.Write(from < 0 ? [] : Snapshot(from).ToBytes(), Snapshot(version).ToBytes());
        return TamperChanges(new ModelChanges
        {
            Version = version,
            TotalBytes = bytes.Length,
            Data = bytes[offset..Math.Min(bytes.Length, offset + ChunkBytes)],
            Sha256 = offset == 0 ? SHA256.HashData(Snapshot(version).ToBytes()) : [],
        });
    }

    private Task<T> Answer<T>(Queue<Func<T>> scripted, T otherwise)
    {
        lock (_lock)
            return scripted.TryDequeue(out var next) ? Task.FromResult(next()) : Task.FromResult(otherwise);
    }
}
