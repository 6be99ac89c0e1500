using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Lets a bounded number of enrolments and contributions go at a time. The rest waits here, where waiting has no timeout: ten thousand
/// calls at once would wait at the cluster until all of them had timed out. Check-ins wait for work by themselves and pass.
/// </summary>
internal sealed class BoundedDeviceCluster(IDeviceCluster cluster, int most) : IDeviceCluster, IDisposable
{
    private readonly SemaphoreSlim _free = new(most);

    public Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation) =>
        WhenFreeAsync(() => cluster.EnrolAsync(deviceId, enrolment, cancellation), cancellation);

    public Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation) =>
        cluster.CheckInAsync(deviceId, request, cancellation);

    public Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation) =>
        WhenFreeAsync(() => cluster.ContributeAsync(deviceId, contribution, cancellation), cancellation);

    public Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation) =>
        cluster.GetSnapshotAsync(jobId, version, offset, cancellation);

    public Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation) =>
        cluster.GetChangesAsync(jobId, from, version, offset, cancellation);

    public void Dispose() => _free.Dispose();

    private async Task<T> WhenFreeAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        try
        {
            return await call();
        }
        finally
        {
            _free.Release();
        }
    }
}
