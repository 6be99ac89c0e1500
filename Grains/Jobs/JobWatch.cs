using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FwdLLM.Grains;

/// <summary>
/// Keeps unfinished jobs active: each silo calls each of them every <see cref="ClusterTimings.JobWatch"/>, and at once when silos come and go. A call
/// activates the job, and an active job goes on by itself. So a job comes back after its silo died, after all silos did, and after a write that failed;
/// reminders do that too, but within a minute, and those of the embedded silo are gone with the process.
/// </summary>
internal sealed partial class JobWatch(
    IGrainFactory grains, ClusterTimings timings, Upheaval upheaval, [FromKeyedServices(GrainsServices.Clock)] TimeProvider clock, ILogger<JobWatch> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>A look that takes longer has failed: a call that went to a silo as it died may never be answered.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(2);

    private readonly WatchSchedule _index = new(timings.JobWatch, clock), _jobs = new(timings.JobWatch, clock);
    private IReadOnlyList<string> _unfinished = [];
    private Task _watching = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(JobWatch),
        ServiceLifecycleStage.Active,
        _ =>
        {
            if (timings.JobWatch != Timeout.InfiniteTimeSpan) _watching = Task.Run(Watch);
            return Task.CompletedTask;
        },
        async stopping => await _watching.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing)); // Upheaval ends it.

    private async Task Watch()
    {
        while (!upheaval.IsStopping)
        {
            await Look(_index, "index", async () => _unfinished = await grains.GetGrain<IJobIndexGrain>(0).List());
            _jobs.Keep(_unfinished);
            await Task.WhenAll(_unfinished.Select(jobId => Look(_jobs, jobId, async () => await grains.GetGrain<IJobGrain>(jobId).GetStatus(-1, TimeSpan.Zero))));
            if (!await upheaval.WaitAsync(_jobs.Tick)) continue;
            _index.Keep([]);
            _jobs.Keep([]);
        }
    }

    private async Task Look(WatchSchedule schedule, string id, Func<Task> look)
    {
        if (!schedule.IsDue(id)) return;
        var looking = look(); // Asynchronous from its first line: what throws at once must not end the watch.
        await upheaval.WaitAsync(looking, LongestLook);
        var failed = !looking.IsCompletedSuccessfully;
        if (failed) LogFailed(id, looking.Exception?.GetBaseException().Message ?? "no answer"); // A silo or the storage is away, or a job cannot be read.
        schedule.Looked(id, failed);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The look after {Job} failed, the next one comes: {Reason}")]
    private partial void LogFailed(string job, string reason);
}
