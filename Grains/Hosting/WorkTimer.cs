namespace FwdLLM.Grains;

/// <summary>
/// Calls a grain's next step: at once when woken, else every period. After a step that failed it comes back sooner, because what it called may
/// have died with a silo and be elsewhere within a second.
/// </summary>
/// <param name="grain">Whose turns the steps are.</param>
/// <param name="step">Does the next thing from what is durable.</param>
/// <param name="period">Time between steps.</param>
/// <param name="afterFailure">Time after a step that failed.</param>
/// <param name="failed">Told of it.</param>
internal sealed class WorkTimer(IGrainBase grain, Func<Task> step, TimeSpan period, TimeSpan afterFailure, Action<Exception> failed)
{
    private IGrainTimer? _timer;

    /// <summary>Begins with a step; does nothing when it runs.</summary>
    public void Start() => _timer ??= grain.RegisterGrainTimer(Tick, new() { DueTime = TimeSpan.Zero, Period = period, KeepAlive = true });

    /// <summary>A step as soon as the present one is over; nothing unless started.</summary>
    public void Wake() => _timer?.Change(TimeSpan.Zero, period);

    /// <summary>No more steps.</summary>
    public void Stop()
    {
        _timer?.Dispose();
        _timer = null;
    }

    private async Task Tick(CancellationToken cancellation)
    {
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
