using FwdLLM.Grains;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Tests.Grains;

public sealed class TokenBucketTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Bucket_gives_its_burst_then_its_rate()
    {
        var bucket = new TokenBucket(3, 2, _clock);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => bucket.TryTake(1)));
        Assert.Equal(TimeSpan.FromSeconds(0.5), bucket.Until(1));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.True(bucket.TryTake(1));
        Assert.False(bucket.TryTake(1));
    }

    [Fact]
    public void Bucket_never_holds_more_than_its_burst_and_a_refusal_takes_nothing()
    {
        var bucket = new TokenBucket(3, 2, _clock);
        Assert.False(bucket.TryTake(4));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.True(bucket.TryTake(3));
        Assert.False(bucket.TryTake(1));
    }

    [Fact]
    public void Flood_is_reported_once_in_a_period_with_all_its_calls()
    {
        var limits = new FlowLimits { CallBurst = 2, CallsPerSecond = 1, FloodReportEvery = TimeSpan.FromMinutes(1) };
        var rate = new CallRate(limits, _clock);
        Assert.True(rate.Allows(2));
        Assert.Null(rate.TakeReport());
        Assert.False(rate.Allows(1));
        Assert.Equal(1, rate.TakeReport());
        for (var call = 0; call < 5; call++) Assert.False(rate.Allows(1));
        Assert.Null(rate.TakeReport());
        Assert.Equal(new RetryWindow(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), rate.Window(1));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(5, rate.TakeReport());
        Assert.Null(rate.TakeReport());
        Assert.True(rate.Allows(99)); // Counts as the whole burst, or it could never be made.
    }
}
