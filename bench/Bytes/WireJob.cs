using System.Buffers.Binary;
using FwdLLM.Bench.Measuring;
using FwdLLM.DeviceAgent;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Training;

namespace FwdLLM.Bench;

/// <summary>
/// One job with one device that answers every order with numbers of the right shape, and counts what each call puts on the socket.
/// The cluster's side is the real one: guarded, stored, reduced, stepped.
/// </summary>
internal sealed class WireJob(DeviceClient client, int probes, int rounds)
{
    public const string DeviceId = "device-00007";
    public const int Classes = 2, Examples = 16;

    private readonly Random _random = new(11);

    /// <summary>Bytes of every call so far, by what it was.</summary>
    public Dictionary<WireCall, List<WireBytes>> Calls { get; } = [];

    /// <summary>Length of the last snapshot's content.</summary>
    public int SnapshotBytes { get; private set; }

    /// <summary>Bytes of each stored entry of a round of probes, and those of its one contribution in them.</summary>
    public List<(int Entry, int Contribution)> Journal { get; } = [];

    private string JobId => $"bytes-{probes}";

    /// <summary>Submits the job, enrols the device and works until the job ends.</summary>
    /// <exception cref="IOException">The cluster refused something; the message says what and why.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var job = client.Orleans.GetGrain<IJobGrain>(JobId);
        await job.Submit(Spec());
        var enrolment = new Enrolment { Protocol = ProtocolVersion.Current, JobId = JobId, Examples = 100, Agent = "1.0.0" };
        var welcome = await Metered(WireCall.Enrolment, () => client.Cluster.EnrolAsync(DeviceId, enrolment, cancellation));
        if (welcome.Refusal is { } refusal)
            throw new IOException($"the device was refused: {refusal}");
        await Metered(WireCall.CheckInWithoutWork, () => client.Cluster.CheckInAsync(DeviceId, new CheckIn(), cancellation), reply => reply.Assignment is null);
        while (true)
        {
            var request = new CheckIn { Wait = TimeSpan.FromSeconds(4), PassesPerSecond = 3.7f };
            var reply = await Metered(WireCall.CheckInWithWork, () => client.Cluster.CheckInAsync(DeviceId, request, cancellation), reply => reply.Assignment is not null);
            if (reply.JobEnded)
            {
                await ReadJournalAsync(cancellation);
                return;
            }

            if (reply.Assignment is { } assignment)
                await AnswerAsync(assignment, cancellation);
            else if ((await job.GetStatus(-1, TimeSpan.Zero)) is { Phase: JobPhase.Failed } status)
                throw new IOException($"job {JobId} failed: {status.Message}");
        }
    }

    private async Task ReadJournalAsync(CancellationToken cancellation)
    {
        var journal = await ClusterJournal.OpenAsync(client.Orleans.GetGrain<IModelGrain>(JobId), cancellation) ?? throw new IOException($"job {JobId} has no journal.");
        for (var round = 0u; round < journal.Head.Version; round++)
        {
            var bytes = await journal.ReadAsync(round, 0, cancellation) ?? throw new IOException($"job {JobId} has no journal entry of round {round}.");
            var entry = JournalEntry.FromBytes(round, bytes);
            // An empty part is what all contributions of a round share.
            if (entry.Order.Kind == (byte)WorkKind.Probes) Journal.Add((bytes.Length, entry.Contributions.Length - JournalPart.Write(entry.Order, []).Length - JobId.Length));
        }
    }

    private async Task AnswerAsync(Assignment assignment, CancellationToken cancellation)
    {
        var kind = (WorkKind)assignment.Kind;
        if (kind == WorkKind.Probes)
        {
            var chunk = await Metered(WireCall.Snapshot, () => client.Cluster.GetSnapshotAsync(JobId, assignment.ModelVersion, 0, cancellation), piece => piece.Data.Length == piece.TotalBytes);
            SnapshotBytes = chunk.TotalBytes;
            await Metered(WireCall.Changes, () => client.Cluster.GetChangesAsync(JobId, assignment.ModelVersion - 1, assignment.ModelVersion, 0, cancellation), piece => piece.Data.Length == piece.TotalBytes);
        }

        var call = kind switch
        {
            WorkKind.Probes => WireCall.Contribution,
            WorkKind.HeadGradient => WireCall.HeadGradient,
            _ => WireCall.FeatureStatistics,
        };
        var contribution = Contribution(assignment, kind);
        var receipt = await Metered(call, () => client.Cluster.ContributeAsync(DeviceId, contribution, cancellation));
        if (receipt.Verdict != Verdict.Accepted)
            throw new IOException($"round {assignment.Round}, {kind}: the contribution is {receipt.Verdict}: {receipt.Reason}");
    }

    // Calls run one after the other, so all bytes between two readings are this call's.
    private async Task<T> Metered<T>(WireCall call, Func<Task<T>> send, Func<T, bool>? counts = null)
    {
        var (sent, received) = (client.Meter.BytesSent, client.Meter.BytesReceived);
        var reply = await send();
        if (counts?.Invoke(reply) ?? true)
        {
            if (!Calls.TryGetValue(call, out var list))
                Calls[call] = list = [];
            list.Add(new WireBytes(client.Meter.BytesSent - sent, client.Meter.BytesReceived - received));
        }

        return reply;
    }

    private Contribution Contribution(Assignment assignment, WorkKind kind) => new()
    {
        Round = assignment.Round,
        Wave = assignment.Wave,
        JobTag = FwdLLM.Grains.Interfaces.Contribution.TagOf(JobId),
        ModelVersion = assignment.ModelVersion,
        Examples = kind == WorkKind.Probes ? Examples : 100,
        ForwardExamples = kind == WorkKind.Probes ? Examples * (1L + assignment.ProbeCount) : 100,
        LossSum = (float)(_random.NextDouble() * Examples),
        Correct = _random.Next(Examples),
        Scalars = kind == WorkKind.Probes ? Scalars(assignment.ProbeCount) : [],
        Vector = kind switch
        {
            WorkKind.FeatureStatistics => PackedVector.Pack(Vector(2 * ProbeModel.Features, positiveFrom: ProbeModel.Features)),
            WorkKind.HeadGradient => PackedVector.Pack(Vector(Classes * ProbeModel.Features + Classes, positiveFrom: int.MaxValue)),
            _ => [],
        },
        ElapsedMilliseconds = 1000 + _random.Next(1000),
    };

    private byte[] Scalars(int count)
    {
        var bytes = new byte[count * sizeof(float)];
        for (var probe = 0; probe < count; probe++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(probe * sizeof(float)), _random.NextSingle() - 0.5f);
        return bytes;
    }

    // Sums of squares are positive; with 100 examples this keeps every variance positive too.
    private double[] Vector(int count, int positiveFrom) => [.. Enumerable.Range(0, count).Select(i => i >= positiveFrom ? 100 + _random.NextDouble() : _random.NextDouble() - 0.5)];

    private JobSpec Spec() => new()
    {
        Id = JobId,
        Model = ProbeModel.Reference,
        Labels = ["negative", "positive"],
        Algorithm = new AlgorithmOptions
        {
            HeadIterations = 1,
            HeadLast = false,
            BlockScaling = false,
            CohortSize = 1,
            BatchSize = Examples,
            ProbesPerDevice = probes,
            Gate = GateKind.None,
            MaxRounds = rounds,
        }.ToJson(),
        Cohort = new CohortSpec { ExpectedDevices = 1 },
        EvaluateEvery = 0,
    };
}
