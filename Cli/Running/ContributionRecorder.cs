using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Cli.Running;

/// <summary>
/// Passes calls on and remembers the last contribution of probes, so that what one costs on the wire can be measured by
/// sending it once more when nothing else is on the connection: it is idempotent, so nothing changes.
/// </summary>
internal sealed class ContributionRecorder(IDeviceCluster inner) : IDeviceCluster
{
    private const int Repeats = 3;
    private const int BytesPerScalar = sizeof(float);
    private (string Device, Contribution Contribution)? _last;

    public Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation) => inner.EnrolAsync(deviceId, enrolment, cancellation);

    public Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation) => inner.CheckInAsync(deviceId, request, cancellation);

    public Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation)
    {
        if (contribution.Scalars.Length > 0) _last = (deviceId, contribution);
        return inner.ContributeAsync(deviceId, contribution, cancellation);
    }

    public Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation) => inner.GetSnapshotAsync(jobId, version, offset, cancellation);

    public Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation) => inner.GetChangesAsync(jobId, from, version, offset, cancellation);

    /// <summary>Bytes on the socket per probe of the last contribution, envelope included: the least of a few sendings, in case the connection sends something of its own in between. Null when there was none.</summary>
    public async Task<double?> MeasureAsync(WireMeter meter, CancellationToken cancellation)
    {
        if (_last is not { } last) return null;
        var least = long.MaxValue;
        for (var i = 0; i < Repeats; i++)
        {
            var before = meter.BytesSent;
            await inner.ContributeAsync(last.Device, last.Contribution, cancellation);
            least = Math.Min(least, meter.BytesSent - before);
        }

        return least / (last.Contribution.Scalars.Length / (double)BytesPerScalar);
    }
}
