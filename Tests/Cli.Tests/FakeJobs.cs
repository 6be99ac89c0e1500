using FwdLLM.Cli.Jobs;
using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Tests;

/// <summary>A cluster that answers with prepared statuses, the last one for ever.</summary>
internal sealed class FakeJobs(params JobStatus[] statuses) : IJobConnector, IJobCluster
{
    private int _next;

    public DeviceClientSettings? Cluster { get; private set; }

    public List<string> Calls { get; } = [];

    public Task<IJobCluster> ConnectAsync(DeviceClientSettings cluster, CancellationToken cancellation)
    {
        Cluster = cluster;
        return Task.FromResult<IJobCluster>(this);
    }

    public Task<JobStatus> SubmitAsync(JobSpec spec, CancellationToken cancellation)
    {
        Calls.Add($"submit {spec.Id}");
        return Next();
    }

    public Task<JobStatus> StatusAsync(string id, long knownRevision, CancellationToken cancellation)
    {
        Calls.Add($"status {id} {knownRevision}");
        return Next();
    }

    public Task PauseAsync(string id, CancellationToken cancellation)
    {
        Calls.Add($"pause {id}");
        return Task.CompletedTask;
    }

    public Task<(JobSpec Job, ModelSnapshot Snapshot)?> ExportAsync(string id, CancellationToken cancellation)
    {
        Calls.Add($"export {id}");
        return Task.FromResult<(JobSpec, ModelSnapshot)?>(null);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<JobStatus> Next() => Task.FromResult(statuses[Math.Min(_next++, statuses.Length - 1)]);
}
