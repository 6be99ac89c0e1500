using FwdLLM.DeviceAgent;
using FwdLLM.Grains;
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

    // Every one of these calls may be made twice: a silo that dies with one costs the operator time, not an error.
    private sealed class OrleansJobCluster(DeviceClient client) : IJobCluster
    {
        public Task<JobStatus> SubmitAsync(JobSpec spec, CancellationToken cancellation) =>
            client.CallAsync(grains => grains.GetGrain<IJobGrain>(spec.Id).Submit(spec), cancellation);

        public Task<JobStatus> StatusAsync(string id, long knownRevision, CancellationToken cancellation) =>
            client.CallAsync(grains => grains.GetGrain<IJobGrain>(id).GetStatus(knownRevision, client.Settings.Resilience.LongPollWait), cancellation);

        public Task PauseAsync(string id, CancellationToken cancellation) => client.CallAsync(
            async grains =>
            {
                await grains.GetGrain<IJobGrain>(id).Pause();
                return true;
            },
            cancellation);

        public async Task<(JobSpec Job, ModelSnapshot Snapshot)?> ExportAsync(string id, CancellationToken cancellation)
        {
            var spec = await client.GetJobAsync(id, cancellation);
            var status = await StatusAsync(id, -1, cancellation);
            if (spec is null || status.Model is not { } model) return null;
            return (spec, ModelSnapshot.FromBytes(await client.CallAsync(grains => grains.GetGrain<IModelGrain>(id).ReadSnapshotAsync(model.Version), cancellation)));
        }

        public async Task<IJournalSource?> JournalAsync(string id, CancellationToken cancellation) =>
            await ClusterJournal.OpenAsync(client.Orleans.GetGrain<IModelGrain>(id), cancellation);

        public ValueTask DisposeAsync() => client.DisposeAsync();
    }
}
