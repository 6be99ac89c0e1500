using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent.Faults;

/// <summary>Test equipment: writes down every receipt that a device got, one line each (device, round, wave, verdict), so that a journal can be held against it.</summary>
public sealed class ReceiptLog(IDeviceCluster inner, string file) : IDeviceCluster, IAsyncDisposable
{
    // Flushed line by line: the process may be killed, and what it was told counts all the same.
    private readonly StreamWriter _writer = new(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read)) { AutoFlush = true };
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation) => inner.EnrolAsync(deviceId, enrolment, cancellation);

    /// <inheritdoc/>
    public Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation) => inner.CheckInAsync(deviceId, request, cancellation);

    /// <inheritdoc/>
    public async Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation)
    {
        var receipt = await inner.ContributeAsync(deviceId, contribution, cancellation);
        lock (_lock)
            _writer.WriteLine($"{deviceId} {contribution.Round} {contribution.Wave} {receipt.Verdict}");
        return receipt;
    }

    /// <inheritdoc/>
    public Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation) =>
        inner.GetSnapshotAsync(jobId, version, offset, cancellation);

    /// <inheritdoc/>
    public Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation) =>
        inner.GetChangesAsync(jobId, from, version, offset, cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
