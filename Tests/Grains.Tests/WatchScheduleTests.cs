using FwdLLM.Grains;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Tests.Grains;

public sealed class WatchScheduleTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly WatchSchedule _schedule;

    public WatchScheduleTests() => _schedule = new WatchSchedule(TimeSpan.FromSeconds(1), _clock);

    [Fact]
    public void What_answers_is_looked_at_once_a_period()
    {
        Assert.True(_schedule.IsDue("job"));
        _schedule.Looked("job", failed: false);
        Assert.Equal(1, SecondsUntilDue("job"), 1);
    }

    [Fact]
    public void What_fails_is_looked_at_soon_and_then_ever_more_seldom_but_for_ever()
    {
        var pauses = new List<double>();
        for (var failure = 0; failure < 12; failure++)
        {
            _schedule.Looked("job", failed: true);
            pauses.Add(SecondsUntilDue("job"));
        }

        Assert.Equal([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60, 60, 60], pauses.Select(pause => Math.Round(pause, 1)));
        _schedule.Looked("job", failed: false);
        Assert.Equal(1, SecondsUntilDue("job"), 1);
    }

    [Fact]
    public void What_is_forgotten_is_due_again()
    {
        _schedule.Looked("kept", failed: false);
        _schedule.Looked("gone", failed: false);
        _schedule.Keep(["kept"]);
        Assert.Equal([false, true], new[] { _schedule.IsDue("kept"), _schedule.IsDue("gone") });
    }

    private double SecondsUntilDue(string id)
    {
        var seconds = 0.0;
        for (; !_schedule.IsDue(id); seconds += 0.1) _clock.Advance(TimeSpan.FromSeconds(0.1));
        return seconds;
    }
}
