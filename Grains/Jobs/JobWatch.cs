using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.Logging;

namespace FwdLLM.Grains;

/// <summary>
/// Keeps unfinished jobs active: each silo calls each of them every <see cref="ClusterTimings.JobWatch"/>. A call activates the job,
/// and an active job goes on by itself. So a job comes back after its silo died, after all silos did, and after a write that failed;
/// reminders do that too, but within a minute, and those of the embedded silo are gone with the process.
/// </summary>
internal sealed partial class JobWatch(IGrainFactory grains, ClusterTimings timings, ILogger<JobWatch> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(JobWatch),
        ServiceLifecycleStage.Active,
        _ =>
        {
            if (timings.JobWatch != Timeout.InfiniteTimeSpan) _watching = Task.Run(Watch);
            return Task.CompletedTask;
        },
        async stopping =>
        {
            await _stop.CancelAsync();
            await _watching.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    public void Dispose() => _stop.Dispose();

    private async Task Watch()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var unfinished = await grains.GetGrain<IJobIndexGrain>(0).List();
                await Task.WhenAll(unfinished.Select(jobId => grains.GetGrain<IJobGrain>(jobId).GetStatus(-1, TimeSpan.Zero)));
            }
            catch (Exception e)
            {
                LogFailed(e.Message); // A silo or the storage is away, or a job cannot be read: the next look is soon.
            }

            await Task.Delay(timings.JobWatch, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The unfinished jobs were not seen this time: {Reason}")]
    private partial void LogFailed(string reason);
}
