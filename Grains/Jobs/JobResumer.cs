using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.Logging;

namespace FwdLLM.Grains;

/// <summary>
/// Brings unfinished jobs back when a silo starts. Durable reminders do that too, within a minute; the embedded silo's
/// reminders are in memory and gone with the process.
/// </summary>
public sealed partial class JobResumer(IGrainFactory grains, ILogger<JobResumer> logger) : IStartupTask
{
    public async Task Execute(CancellationToken cancellationToken)
    {
        foreach (var jobId in await grains.GetGrain<IJobIndexGrain>(0).List())
        {
            var status = await grains.GetGrain<IJobGrain>(jobId).GetStatus(-1, TimeSpan.Zero); // Activates it; it goes on by itself.
            LogResumed(jobId, status.Phase);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId} is back, {Phase}")]
    private partial void LogResumed(string jobId, JobPhase phase);
}
