using System.Net;
using FwdLLM.Grains;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Tests.Grains;

public sealed class UpheavalTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Upheaval _upheaval;

    public UpheavalTests() => _upheaval = new Upheaval(_clock, silos: null!);

    [Fact]
    public void Change_is_told_when_it_happens_while_it_settles_and_when_it_has_settled()
    {
        Change(SiloStatus.Dead);
        var told = new List<(double, long, long)>();
        for (var seconds = 0.0; seconds < 10; seconds += 0.25, _clock.Advance(TimeSpan.FromSeconds(0.25)))
        {
            if (seconds == 2) Change(SiloStatus.Active);
            if (told.Count == 0 || told[^1].Item2 != _upheaval.Noticed) told.Add((seconds, _upheaval.Noticed, _upheaval.Settled));
        }

        Assert.Equal([(0, 1, 0), (0.5, 2, 0), (1.5, 3, 0), (2, 4, 0), (2.5, 5, 0), (3, 6, 1), (3.5, 7, 1), (5, 8, 2)], told);
    }

    [Fact]
    public async Task Whoever_waits_is_let_go_by_news_by_a_change_and_by_the_time()
    {
        var (news, change, time) = (new TaskCompletionSource(), Waiting(), Waiting(seconds: 1));
        var told = _upheaval.WaitAsync(news.Task, TimeSpan.FromSeconds(60));
        news.SetResult();
        Assert.False(await told);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await time);
        Assert.False(change.IsCompleted);
        Change(SiloStatus.Active);
        Assert.True(await change);

        var echo = Waiting();
        Assert.False(echo.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.True(await echo);

        Task<bool> Waiting(double seconds = 60) => _upheaval.WaitAsync(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData(SiloStatus.Joining)]
    [InlineData(SiloStatus.ShuttingDown)]
    public void Silo_on_its_way_in_or_out_is_no_change_yet(SiloStatus status)
    {
        Change(status);
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((0, 0), (_upheaval.Noticed, _upheaval.Settled));
    }

    private void Change(SiloStatus status) => _upheaval.SiloStatusChangeNotification(SiloAddress.New(IPAddress.Loopback, 1, 1), status);
}
