using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Tests.Grains;

public sealed class SchedulingTests
{
    private static readonly RoundOrder Order = new() { Round = 5, Kind = (byte)WorkKind.Probes, ModelVersion = 5, CohortSize = 4, BatchSize = 8, ProbesPerDevice = 16 };

    private static readonly CohortSpec Fixed = new() { ExpectedDevices = 10 };

    private static readonly CohortSpec Adaptive = Fixed with { Schedule = ScheduleKind.Adaptive, Quorum = 0.5, OverSelection = 1.5, Deadline = TimeSpan.FromSeconds(10) };

    [Fact]
    public void Fixed_cohort_follows_from_seed_and_round_whatever_the_order_and_speed_of_the_devices()
    {
        var cohort = CohortChoice.Choose(Fixed, Order, 1, Devices(20));
        Assert.Equal(cohort, CohortChoice.Choose(Fixed, Order, 1, [.. Devices(20, speed: 3).Reverse()]));
        Assert.Equal([0u, 1u, 2u, 3u], cohort.Select(m => m.Slot));
        Assert.Equal(cohort.Select(m => m.DeviceId).Order(StringComparer.Ordinal), cohort.Select(m => m.DeviceId));
        Assert.All(cohort, m => Assert.Equal(16, m.ProbeCount));
        Assert.NotEqual(cohort, CohortChoice.Choose(Fixed, Order with { Round = 6 }, 1, Devices(20)));
        Assert.Equal(20, CohortChoice.Choose(Fixed, Order with { CohortSize = 0 }, 1, Devices(20)).Count);
    }

    [Fact]
    public void Adaptive_cohort_invites_more_and_gives_slow_devices_what_they_can_finish()
    {
        // 7.5 s for probes of one pass each: 0.4 passes a second finish 3 probes, 100 a second any number.
        PoolEntry[] devices = [.. Devices(6, speed: 100).Select((d, i) => i == 0 ? d with { PassesPerSecond = 0.4f } : d)];
        var cohort = CohortChoice.Choose(Adaptive, Order, 1, devices);
        Assert.Equal(6, cohort.Count);
        Assert.True(cohort[0].ProbeCount is >= 1 and <= 3, $"{cohort[0].ProbeCount}");
        Assert.Equal(6 * 16, cohort.Sum(m => m.ProbeCount));
    }

    [Fact]
    public void Device_with_exact_gradients_gives_one_in_probe_rounds_and_leaves_the_probes_to_others()
    {
        PoolEntry[] devices = [.. Devices(6, speed: 100).Select((d, i) => d with { Exact = i % 3 == 1 })];
        var spec = TestCluster.Spec();
        foreach (var schedule in new[] { Fixed, Adaptive })
        {
            var cohort = CohortChoice.Choose(schedule, Order with { CohortSize = 0 }, 1, devices);
            Assert.Equal([false, true, false, false, true, false], cohort.Select(m => m.Exact));
            Assert.Equal([16, 0, 16, 16, 0, 16], cohort.Select(m => m.ProbeCount));
            var work = WaveRule.Work(spec, Order, cohort[1], 2);
            Assert.Equal(((byte)WorkKind.ExactGradient, 0, 0u, 2u, 8), (work.Kind, work.ProbeCount, work.FirstProbe, work.Wave, work.BatchSize));
            Assert.Equal(((byte)WorkKind.Probes, 16, 32u), (WaveRule.Work(spec, Order, cohort[2], 2).Kind, cohort[2].ProbeCount, WaveRule.Work(spec, Order, cohort[2], 2).FirstProbe));

            // All other work is the same for everybody.
            var curvature = Order with { CohortSize = 0, Kind = (byte)WorkKind.Curvature };
            Assert.All(CohortChoice.Choose(schedule, curvature, 1, devices), m => Assert.Equal((false, 16, (byte)WorkKind.Curvature), (m.Exact, m.ProbeCount, WaveRule.Work(spec, curvature, m, 0).Kind)));
        }

        Assert.All(CohortChoice.Choose(Adaptive, Order, 1, [.. devices.Select(d => d with { Exact = true })]), m => Assert.Equal((true, 0), (m.Exact, m.ProbeCount)));
    }

    [Fact]
    public void Work_is_fitted_to_what_a_device_has_become_and_read_back_from_what_it_answers()
    {
        var spec = TestCluster.Spec();
        var (probing, exact) = (new CohortMember { DeviceId = "a", Slot = 1, ProbeCount = 16 }, new CohortMember { DeviceId = "a", Slot = 1, ProbeCount = 0, Exact = true });
        var (probes, gradient) = (WaveRule.Work(spec, Order, probing, 2), WaveRule.Work(spec, Order, exact, 2));
        Assert.Equal(gradient, WaveRule.Fit(probes, exact: true, 16));
        Assert.Equal(probes, WaveRule.Fit(gradient, exact: false, 16));
        Assert.Equal((probes, gradient), (WaveRule.Fit(probes, exact: false, 99), WaveRule.Fit(gradient, exact: true, 99)));
        var curvature = WaveRule.Work(spec, Order with { Kind = (byte)WorkKind.Curvature }, probing, 0);
        Assert.Equal(curvature, WaveRule.Fit(curvature, exact: true, 16));

        var answer = new Contribution { Round = 5, Wave = 2, ModelVersion = 5, Examples = 8, Scalars = new byte[16 * 4] };
        Assert.Equal(probes, WaveRule.Answered(spec, Order, exact, answer));
        Assert.Equal(gradient, WaveRule.Answered(spec, Order, probing, answer with { Scalars = [], Vector = [1] }));
    }

    [Fact]
    public void Wave_needs_its_cohort_or_the_quorum_of_the_devices_wanted()
    {
        Assert.Equal(6, WaveRule.Needed(Fixed, Order, 6));
        Assert.Equal(2, WaveRule.Needed(Adaptive, Order, 6));
        Assert.Equal(3, WaveRule.Needed(Adaptive, Order with { CohortSize = 0 }, 6));
    }

    [Theory]
    [InlineData("device-00", "job/10")]
    [InlineData("kiosk", "job/8")]
    public void Shard_of_a_device_never_changes(string device, string shard) => Assert.Equal(shard, PoolShards.Key("job", device));

    private static PoolEntry[] Devices(int count, float speed = 0) =>
        [.. Enumerable.Range(0, count).Select(d => new PoolEntry { DeviceId = TestCluster.DeviceId(d), Examples = 8, PassesPerSecond = speed })];
}
