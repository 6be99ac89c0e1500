namespace FwdLLM.Grains;

/// <summary>
/// When something is looked at next. After a look that failed soon, because most failures are a silo's death and over within a second; then
/// ever more seldom, because a job that cannot be read stays so until somebody repairs it.
/// </summary>
/// <param name="every">Time between looks that succeed.</param>
/// <param name="clock">Time.</param>
internal sealed class WatchSchedule(TimeSpan every, TimeProvider clock)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200), LastRetry = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, (long LookedAt, int Failures)> _looks = [];

    /// <summary>How often to ask what is due.</summary>
    public TimeSpan Tick { get; } = every < FirstRetry ? every : FirstRetry;

    /// <summary>Whether it is time. What was never looked at is due.</summary>
    public bool IsDue(string id) => !_looks.TryGetValue(id, out var look) || clock.GetElapsedTime(look.LookedAt) >= Pause(look.Failures);

    /// <summary>Notes a look.</summary>
    public void Looked(string id, bool failed) => _looks[id] = (clock.GetTimestamp(), failed ? _looks.GetValueOrDefault(id).Failures + 1 : 0);

    /// <summary>Forgets everything but <paramref name="ids"/>.</summary>
    public void Keep(IReadOnlyCollection<string> ids)
    {
        foreach (var id in _looks.Keys.Except(ids).ToList()) _looks.Remove(id);
    }

    private TimeSpan Pause(int failures)
    {
        if (failures == 0) return every;
        var pause = FirstRetry * Math.Pow(2, Math.Min(failures, 20) - 1);
        return pause < LastRetry ? pause : LastRetry;
    }
}
