using FwdLLM.Grains;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Tests.Grains;

public sealed class AdmissionTests
{
    private static readonly FlowLimits Limits = new() { FreeWrites = 100, WriteDelay = TimeSpan.FromSeconds(1), LongestWindow = TimeSpan.FromMinutes(1) };

    private readonly FakeTimeProvider _clock = new();
    private readonly FixedProcessor _processor = new();

    [Fact]
    public async Task Silo_without_a_queue_takes_everybody()
    {
        var admission = Create(Limits);
        Assert.Null(admission.TurnAway());
        for (var write = 0; write < 10_000; write++) await admission.Track(() => Task.CompletedTask);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(admission.TurnAway());
        Assert.Equal((0, 10_000.0), (admission.Pending, admission.Capacity));
    }

    [Fact]
    public async Task Window_is_the_queue_over_the_measured_rate_and_spreads_the_herd_at_that_rate()
    {
        var admission = Create(Limits);
        await Measure(admission, perSecond: 200);
        Wait(admission, 200); // One second of work: exactly what is allowed.
        Assert.Null(admission.TurnAway());
        Wait(admission, 200);

        var windows = Enumerable.Range(0, 400).Select(_ => admission.TurnAway()!.Value).ToArray();
        Assert.Equal(2.005, windows[0].Least.TotalSeconds, 6); // 400 writes at 200 a second, then one place each.
        Assert.Equal(4, windows[399].Least.TotalSeconds, 4); // The clock counts in ticks of 100 ns.
        Assert.All(windows.Zip(windows.Skip(1)), pair => Assert.Equal(0.005, (pair.Second.Least - pair.First.Least).TotalSeconds, 6));
        Assert.All(windows, window => Assert.Equal(2, window.Most / window.Least, 6));
    }

    [Fact]
    public async Task Window_grows_with_the_overload_up_to_the_longest()
    {
        var admission = Create(Limits);
        await Measure(admission, perSecond: 200);
        Wait(admission, 1000);
        Assert.Equal(5.005, admission.TurnAway()!.Value.Least.TotalSeconds, 6);
        Wait(admission, 100_000);
        Assert.Equal(new RetryWindow(Limits.LongestWindow / 2, Limits.LongestWindow), admission.TurnAway());
    }

    [Fact]
    public async Task Silo_takes_devices_again_when_the_queue_is_gone()
    {
        var admission = Create(Limits);
        await Measure(admission, perSecond: 200);
        var (release, writes) = Wait(admission, 500);
        Assert.NotNull(admission.TurnAway());
        release.SetResult();
        await Task.WhenAll(writes);
        Assert.Null(admission.TurnAway());
    }

    [Fact]
    public async Task Slower_storage_is_learnt_and_an_idle_time_is_not_mistaken_for_one()
    {
        var admission = Create(Limits);
        await Measure(admission, perSecond: 1000);
        _clock.Advance(TimeSpan.FromHours(1));
        await admission.Track(() => Task.CompletedTask);
        Assert.Equal(1000, admission.Capacity);

        Wait(admission, 150); // From here on writes queue up.
        for (var second = 0; second < 20; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await admission.Track(() => Task.CompletedTask);
        }

        Assert.InRange(admission.Capacity, 1, 20);
        Assert.NotNull(admission.TurnAway());
    }

    [Theory]
    [InlineData(0, 1.0, false)] // No limit.
    [InlineData(0.8, 0.8, false)]
    [InlineData(0.8, 0.88, true)]
    public void Busy_processor_turns_devices_away_where_it_has_a_limit(double limit, double share, bool isAway)
    {
        _processor.Share = share;
        var window = Create(Limits with { ProcessorShare = limit }).TurnAway();
        Assert.Equal(isAway, window is not null);
        if (window is { } away) Assert.True(away.Least > new ClusterTimings().RetryMin && away.Most > new ClusterTimings().RetryMax, $"{away}");
    }

    private Admission Create(FlowLimits limits) => new(limits, new ClusterTimings { RetryMax = TimeSpan.FromSeconds(2) }, _processor, _clock);

    private async Task Measure(Admission admission, int perSecond)
    {
        for (var write = 0; write < perSecond; write++) await admission.Track(() => Task.CompletedTask);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(admission.TurnAway());
    }

    private static (TaskCompletionSource Release, Task[] Writes) Wait(Admission admission, int writes)
    {
        var release = new TaskCompletionSource();
        return (release, [.. Enumerable.Range(0, writes).Select(_ => admission.Track(() => release.Task))]);
    }

    private sealed class FixedProcessor : IProcessorMeter
    {
        public double Share { get; set; }
    }
}
