using System.Collections.Concurrent;
using System.Diagnostics;
using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Load;

/// <summary>
/// The cluster as the devices see it, with a watch on every call. In rounds that are held, contributions wait until every device has its
/// own ready, then go with a fixed number on their way: only then a latency is one of the cluster and not of the queue before it. All other
/// calls are bounded as the fleet bounds them; the fleet itself must not, or those that wait for the others would keep them out.
/// </summary>
internal sealed class WatchedCluster(IDeviceCluster cluster, int devices, int inFlight, Func<uint, bool> isHeld) : IDeviceCluster
{
    private readonly ConcurrentDictionary<uint, RoundWatch> _rounds = new();
    private readonly SemaphoreSlim _lanes = new(inFlight);
    private readonly SemaphoreSlim _free = new(new FleetOptions { JobId = "", FirstDevice = 0, DeviceCount = 1 }.MaxConcurrentCalls);
    private int _enrolled;
    private long _checkIns;

    /// <summary>What is known of each round.</summary>
    public IReadOnlyDictionary<uint, RoundWatch> Rounds => _rounds;

    /// <summary>Devices that are welcome.</summary>
    public int Enrolled => Volatile.Read(ref _enrolled);

    /// <summary>Check-ins answered.</summary>
    public long CheckIns => Interlocked.Read(ref _checkIns);

    public LatencyList Enrolments { get; } = new();

    public async Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation)
    {
        var welcome = await InAsync(_free, async () =>
        {
            var started = Stopwatch.GetTimestamp();
            var answer = await cluster.EnrolAsync(deviceId, enrolment, cancellation);
            Enrolments.Add(Stopwatch.GetElapsedTime(started));
            return answer;
        }, cancellation);
        if (welcome.Job is not null)
            Interlocked.Increment(ref _enrolled);
        return welcome;
    }

    public async Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation)
    {
        var reply = await cluster.CheckInAsync(deviceId, request, cancellation);
        Interlocked.Increment(ref _checkIns);
        if (reply.Assignment is { } assignment)
            Round(assignment.Round).WasAssigned();
        return reply;
    }

    public async Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation)
    {
        var round = Round(contribution.Round);
        if (!isHeld(contribution.Round))
            return await InAsync(_free, SendAsync, cancellation);
        round.WasReady();
        await round.AllReady.WaitAsync(cancellation);
        return await InAsync(_lanes, SendAsync, cancellation);

        async Task<Receipt> SendAsync()
        {
            var started = Stopwatch.GetTimestamp();
            var receipt = await cluster.ContributeAsync(deviceId, contribution, cancellation);
            round.WasAcknowledged(started, receipt);
            return receipt;
        }
    }

    public Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation) => cluster.GetChangesAsync(jobId, from, version, offset, cancellation);

    public Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation) =>
        cluster.GetSnapshotAsync(jobId, version, offset, cancellation);

    private static async Task<T> InAsync<T>(SemaphoreSlim places, Func<Task<T>> call, CancellationToken cancellation)
    {
        await places.WaitAsync(cancellation);
        try
        {
            return await call();
        }
        finally
        {
            places.Release();
        }
    }

    private RoundWatch Round(uint round) => _rounds.GetOrAdd(round, _ => new RoundWatch(devices));
}
