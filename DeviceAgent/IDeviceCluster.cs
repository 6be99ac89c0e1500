using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent;

/// <summary>The cluster as a device sees it: five calls, each of which may be sent again without harm.</summary>
public interface IDeviceCluster
{
    /// <summary>Joins a job.</summary>
    Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation);

    /// <summary>Asks for work and waits for it up to <see cref="CheckIn.Wait"/>.</summary>
    Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation);

    /// <summary>Hands in a result.</summary>
    Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation);

    /// <summary>One piece of a model version's snapshot, from <paramref name="offset"/>.</summary>
    Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation);

    /// <summary>One piece of what leads from the snapshot of version <paramref name="from"/> (−1 for none) to that of <paramref name="version"/>. From <see cref="ProtocolVersion.Changes"/> on.</summary>
    Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation);
}
