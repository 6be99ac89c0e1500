using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent.Tests;

/// <summary>A device grain that accepts everything: what it costs on the wire is the contracts' cost, whatever a real grain does. Its type name is as long as the real one.</summary>
[GrainType("s")]
internal sealed class StubDeviceGrain : Grain, IDeviceGrain
{
    public Task<Welcome> Enrol(Enrolment enrolment) => Task.FromResult(new Welcome());

    public Task<CheckInReply> CheckIn(CheckIn request) => Task.FromResult(new CheckInReply { JobEnded = true });

    public Task<Receipt> Contribute(Contribution contribution) => Task.FromResult(new Receipt { Verdict = Verdict.Accepted });

    public Task Assign(Assignment assignment) => Task.CompletedTask;

    public Task<IReadOnlyList<Contribution>> GetAccepted(string jobId, uint round) => Task.FromResult<IReadOnlyList<Contribution>>([]);

    public Task<IReadOnlyList<Contribution>> CloseRound(string jobId, uint round) => Task.FromResult<IReadOnlyList<Contribution>>([]);

    public Task Release(string jobId, uint closedRound, bool jobEnded) => Task.CompletedTask;
}
