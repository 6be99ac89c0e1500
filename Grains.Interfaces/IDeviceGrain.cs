using Orleans.Concurrency;

namespace FwdLLM.Grains.Interfaces;

/// <summary>A device's place in the cluster. Key: device id. Devices call only this grain and <see cref="IModelGrain.GetSnapshot"/>.</summary>
/// <remarks>
/// The one-letter names are in every message a device sends: with them a contribution of 16 probes takes 251 bytes on the socket,
/// with readable ones 281 (docs/decisions/0005-client-transport.md). The grain class is <c>[GrainType("d")]</c> for the same reason.
/// </remarks>
[GrainInterfaceType("d"), Alias("d")]
public interface IDeviceGrain : IGrainWithStringKey
{
    /// <summary>Joins a job; the same enrolment may be sent again at any time.</summary>
    [Alias("Enrol")]
    Task<Welcome> Enrol(Enrolment enrolment);

    /// <summary>Asks for work; waits for it up to <see cref="CheckIn.Wait"/>.</summary>
    [Alias("CheckIn"), AlwaysInterleave]
    Task<CheckInReply> CheckIn(CheckIn request);

    /// <summary>Hands in a result; durable before it is acknowledged, and idempotent.</summary>
    [Alias("c")]
    Task<Receipt> Contribute(Contribution contribution);

    /// <summary>From the round: new work. Replaces older work of the same job.</summary>
    [Alias("Assign")]
    Task Assign(Assignment assignment);

    /// <summary>From the round: accepted contributions of that round, for a rebuild after a crash.</summary>
    [Alias("GetAccepted"), ReadOnly]
    Task<IReadOnlyList<Contribution>> GetAccepted(string jobId, uint round);

    /// <summary>
    /// From the round, before it commits without this device's answer: contributions of that round so far. What comes after this
    /// call is receipted as late, so that no receipt says "accepted" of a contribution that the journal will not hold.
    /// </summary>
    [Alias("CloseRound")]
    Task<IReadOnlyList<Contribution>> CloseRound(string jobId, uint round);

    /// <summary>From the job: rounds up to and including this one are closed, their inbox may be forgotten; or the job has ended.</summary>
    [Alias("Release")]
    Task Release(string jobId, uint closedRound, bool jobEnded);
}
