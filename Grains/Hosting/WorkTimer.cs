namespace FwdLLM.Grains;

/// <summary>
/// Calls a grain's next step: at once when woken or when silos come and go, else every period. After a step that failed it comes back sooner,
/// because what it called may have died with a silo and be elsewhere within a second.
/// </summary>
/// <param name="grain">Whose turns the steps are.</param>
/// <param name="step">Does the next thing from what is durable.</param>
/// <param name="period">Time between steps.</param>
/// <param name="afterFailure">Time after a step that failed.</param>
/// <param name="upheaval">Tells of silos.</param>
/// <param name="failed">Told of a step that failed.</param>
internal sealed class WorkTimer(IGrainBase grain, Func<Task> step, TimeSpan period, TimeSpan afterFailure, Upheaval upheaval, Action<Exception> failed)
{
    private readonly TaskScheduler _turns = TaskScheduler.Current;
    private IGrainTimer? _timer;
    private CancellationTokenRegistration _onUpheaval;

    /// <summary>Begins with a step; does nothing when it runs.</summary>
    public void Start() => _timer ??= grain.RegisterGrainTimer(Tick, new() { DueTime = TimeSpan.Zero, Period = period, KeepAlive = true });

    /// <summary>A step as soon as the present one is over; nothing unless started.</summary>
    public void Wake() => _timer?.Change(TimeSpan.Zero, period);

    /// <summary>No more steps. Of a grain that leaves, too: nobody would let go of it else.</summary>
    public void Stop()
    {
        _onUpheaval.Dispose();
        _timer?.Dispose();
        _timer = null;
    }

    private async Task Tick(CancellationToken cancellation)
    {
        _onUpheaval.Dispose();
        _onUpheaval = upheaval.Next.Register(() => _ = Task.Factory.StartNew(Wake, CancellationToken.None, TaskCreationOptions.None, _turns));
        try
        {
            await step();
        }
        catch (Exception e)
        {
            failed(e);
            _timer?.Change(afterFailure, period);
        }
    }
}
