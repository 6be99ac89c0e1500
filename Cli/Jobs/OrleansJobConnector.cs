using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Jobs;

/// <summary>Reaches the job grains with the device agent's client.</summary>
/// <param name="time">Clock.</param>
/// <param name="random">Uniform in [0, 1), for the jitter of retries.</param>
internal sealed class OrleansJobConnector(TimeProvider time, Func<double> random) : IJobConnector
{
    public async Task<IJobCluster> ConnectAsync(DeviceClientSettings cluster, CancellationToken cancellation)
    {
        try
        {
            return new OrleansJobCluster(await DeviceClient.ConnectAsync(cluster, time, random, cancellation: cancellation));
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message);
        }
    }

    private sealed class OrleansJobCluster(DeviceClient client) : IJobCluster
    {
        public Task<JobStatus> SubmitAsync(JobSpec spec, CancellationToken cancellation) => Job(spec.Id).Submit(spec).WaitAsync(cancellation);

        public Task<JobStatus> StatusAsync(string id, long knownRevision, CancellationToken cancellation) =>
            Job(id).GetStatus(knownRevision, client.Settings.Resilience.LongPollWait).WaitAsync(cancellation);

        public Task PauseAsync(string id, CancellationToken cancellation) => Job(id).Pause().WaitAsync(cancellation);

        public async Task<(JobSpec Job, ModelSnapshot Snapshot)?> ExportAsync(string id, CancellationToken cancellation)
        {
            var spec = await Job(id).GetSpec().WaitAsync(cancellation);
            var status = await StatusAsync(id, -1, cancellation);
            if (spec is null || status.Model is null) return null;
            return (spec, ModelSnapshot.FromBytes(await client.Orleans.GetGrain<IModelGrain>(id).ReadSnapshotAsync(status.Model.Version).WaitAsync(cancellation)));
        }

        public ValueTask DisposeAsync() => client.DisposeAsync();

        private IJobGrain Job(string id) => client.Orleans.GetGrain<IJobGrain>(id);
    }
}
