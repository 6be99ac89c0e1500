using CsCheck;
using FwdLLM.Learning.Scheduling;

namespace FwdLLM.Learning.Tests.Scheduling;

public sealed class SchedulingTests
{
    [Fact]
    public void Allocate_gives_what_a_device_can_finish_between_the_bounds() =>
        Assert.Equal([2, 16, 64, 2, 2], LoadAllocation.Allocate([0.1, 8, 1000, 0, double.NaN], 12, 2, 5, 2, 64, long.MaxValue));

    [Fact]
    public void Allocate_reduces_to_the_target_in_proportion_and_settles_by_largest_remainder() =>
        // Above the minimum of 1: 9, 6, 3 of 18; 10 - 3 = 7 are left: shares 3.5, 2.33, 1.17, and the one over goes to the first.
        Assert.Equal([5, 3, 2], LoadAllocation.Allocate([10, 7, 4], 1, 0, 1, 1, 100, 10));

    [Fact]
    public void Allocate_always_keeps_bounds_and_target_and_never_gives_a_faster_device_less() =>
        Gen.Select(Gen.Double[0, 1000].Array[1, 50], Gen.Int[0, 5], Gen.Int[0, 300], Gen.Int[0, 3000]).Sample(
            (speeds, minimum, more, extra) =>
            {
                var maximum = minimum + more;
                var target = (long)minimum * speeds.Length + extra;
                var unlimited = LoadAllocation.Allocate(speeds, 10, 3, 20, minimum, maximum, long.MaxValue);
                var probes = LoadAllocation.Allocate(speeds, 10, 3, 20, minimum, maximum, target);
                var inBounds = probes.Select((p, i) => p >= minimum && p <= unlimited[i] && p <= maximum).All(ok => ok);
                var sum = probes.Sum(p => (long)p) == Math.Min(target, unlimited.Sum(p => (long)p));
                var monotone = speeds.Zip(probes).OrderBy(x => x.First).ThenBy(x => x.Second).Select(x => x.Second).Aggregate((Last: 0, Fair: true), (a, p) => (p, a.Fair && p >= a.Last - 1)).Fair;
                return inBounds && sum && monotone;
            },
            iter: 500);

    [Fact]
    public void Allocate_without_time_gives_the_minimum() =>
        Assert.Equal([1, 1], LoadAllocation.Allocate([50, 60], 5, 9, 1, 1, 8, 100));

    [Fact]
    public void Allocate_with_bounds_that_exclude_each_other_is_refused()
    {
        Assert.Throws<ArgumentException>(() => LoadAllocation.Allocate([1, 1], 1, 0, 1, 4, 3, 100));
        Assert.Throws<ArgumentException>(() => LoadAllocation.Allocate([1, 1], 1, 0, 1, 4, 8, 7));
        Assert.Throws<ArgumentException>(() => LoadAllocation.Allocate([1, 1], 1, 0, 0, 1, 8, 7));
        Assert.Throws<ArgumentException>(() => LoadAllocation.Allocate([1, 1], double.NaN, 0, 1, 1, 8, 7));
    }

    [Theory]
    [InlineData(10, 0.8, 0, 1.2, 12)]
    [InlineData(10, 0.8, 0.5, 1.2, 16)]
    [InlineData(10, 0.7, 0.3, 1.0, 10)]
    [InlineData(10, 1.0, 0.1, 1.0, 12)]
    [InlineData(10, 0.8, 0.99, 1.2, 40)]
    [InlineData(10, 0.8, 1, 1.2, 40)]
    [InlineData(1, 0.1, 0, 1, 1)]
    public void Invitations_cover_the_plan_and_the_measured_drop_out(int cohort, double quorum, double dropOut, double factor, int expected) =>
        Assert.Equal(expected, OverSelection.Invitations(cohort, quorum, dropOut, factor));

    [Theory]
    [InlineData(0, 0.8, 0, 1.2)]
    [InlineData(10, 0, 0, 1.2)]
    [InlineData(10, 0.8, -0.1, 1.2)]
    [InlineData(10, 0.8, double.NaN, 1.2)]
    [InlineData(10, 0.8, 0, 5)]
    public void Invitations_with_a_value_out_of_range_are_refused(int cohort, double quorum, double dropOut, double factor) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => OverSelection.Invitations(cohort, quorum, dropOut, factor));
}
