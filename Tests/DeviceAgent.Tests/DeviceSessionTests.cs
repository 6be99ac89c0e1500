using System.Buffers.Binary;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests;

public sealed class DeviceSessionTests
{
    private readonly RecordingTimeProvider _time = new();
    private readonly FakeCluster _cluster = new();
    private readonly FakeWorker _worker = new();
    private readonly FleetStatistics _statistics = new();

    [Fact]
    public async Task Assignment_becomes_an_order_and_its_result_a_contribution()
    {
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5, wave: 1));

        var end = await RunAsync();

        Assert.Equal(new SessionEnd("device-00007", null), end);
        var (order, snapshot) = Assert.Single(_worker.Orders);
        Assert.Equal(new WorkOrder { Kind = WorkKind.Probes, Round = 5, Wave = 1, Slot = 3, FirstProbe = 8, ProbeCount = 2, BatchSize = 4 }, order);
        Assert.Equal(5u, snapshot.Version);
        var contribution = Assert.Single(_cluster.Contributions);
        Assert.Equal((5u, 1u, 5L, 4, 12L, 2.5f, 3), (contribution.Round, contribution.Wave, contribution.ModelVersion, contribution.Examples, contribution.ForwardExamples, contribution.LossSum, contribution.Correct));
        Assert.Equal([1.5f, -2f], [BinaryPrimitives.ReadSingleLittleEndian(contribution.Scalars), BinaryPrimitives.ReadSingleLittleEndian(contribution.Scalars.AsSpan(4))]);
        Assert.Equal(1, _statistics.Accepted);
    }

    [Fact]
    public async Task Enrolment_states_protocol_job_and_examples()
    {
        await RunAsync();

        var enrolment = Assert.Single(_cluster.Enrolments);
        Assert.Equal((ProtocolVersion.Current, "job", 100), (enrolment.Protocol, enrolment.JobId, enrolment.Examples));
    }

    [Fact]
    public async Task Refused_enrolment_ends_the_session_with_its_reason()
    {
        _cluster.Welcomes.Enqueue(() => new Welcome { Refusal = "protocol 1 is too old; update the agent" });

        var end = await RunAsync();

        Assert.Equal("protocol 1 is too old; update the agent", end.Refusal);
        Assert.Empty(_cluster.CheckIns);
    }

    [Fact]
    public async Task Enrolment_that_is_put_off_is_sent_again_inside_the_window()
    {
        _cluster.Welcomes.Enqueue(() => new Welcome { RetryMin = TimeSpan.FromSeconds(10), RetryMax = TimeSpan.FromSeconds(20) });

        var end = await RunAsync(() => 0.25);

        Assert.Null(end.Refusal);
        Assert.Equal(2, _cluster.Enrolments.Count);
        Assert.Equal([TimeSpan.FromSeconds(12.5)], _time.Delays);
    }

    [Fact]
    public async Task Same_assignment_again_is_answered_with_the_same_contribution_without_computing()
    {
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5));
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5));

        await RunAsync();

        Assert.Single(_worker.Orders);
        Assert.Equal(2, _cluster.Contributions.Count);
        Assert.Same(_cluster.Contributions[0], _cluster.Contributions[1]);
        Assert.Equal(1, _statistics.Accepted);
    }

    [Fact]
    public async Task Contribution_is_handed_in_until_the_cluster_answers()
    {
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5));
        for (var failure = 0; failure < 3; failure++)
            _cluster.Receipts.Enqueue(() => throw new TimeoutException("no answer"));

        await RunAsync();

        Assert.Equal(4, _cluster.Contributions.Count);
        Assert.Equal((1, 3), (_statistics.Accepted, _statistics.CallFailures));
        Assert.Equal("device-00007: no answer", _statistics.LastFailure);
    }

    [Fact]
    public async Task Late_contribution_is_counted_as_late_and_work_goes_on()
    {
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5));
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 6));
        _cluster.Receipts.Enqueue(() => new Receipt { Verdict = Verdict.Late });

        await RunAsync();

        Assert.Equal((1, 1), (_statistics.Late, _statistics.Accepted));
    }

    [Fact]
    public async Task Refused_contribution_is_not_sent_again_and_its_reason_is_kept()
    {
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5));
        _cluster.Receipts.Enqueue(() => new Receipt { Verdict = Verdict.Refused, Reason = "scalar 3 is NaN" });

        var end = await RunAsync();

        Assert.Null(end.Refusal);
        Assert.Single(_cluster.Contributions);
        Assert.Equal("device-00007: scalar 3 is NaN", _statistics.LastRefusal);
    }

    [Fact]
    public async Task Device_whose_contributions_are_always_refused_stops_and_says_why()
    {
        for (var round = 0u; round < 10; round++)
        {
            var current = round;
            _cluster.Replies.Enqueue(() => FakeCluster.Work(current));
            _cluster.Receipts.Enqueue(() => new Receipt { Verdict = Verdict.Refused, Reason = "wrong model" });
        }

        var end = await RunAsync();

        Assert.Equal(new SessionOptions().MaxRefusals, _cluster.Contributions.Count);
        Assert.Contains("wrong model", end.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_no_longer_held_makes_the_device_ask_for_other_work()
    {
        _cluster.NewestVersion = 5;
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 6));
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5));

        await RunAsync();

        Assert.Equal((1, 1), (_statistics.Abandoned, _statistics.Accepted));
        Assert.Equal(5u, Assert.Single(_cluster.Contributions).Round);
    }

    [Fact]
    public async Task Device_the_cluster_has_forgotten_enrols_again()
    {
        _cluster.Replies.Enqueue(() => new CheckInReply { NotEnrolled = true, RetryMax = TimeSpan.FromSeconds(1) });

        await RunAsync();

        Assert.Equal(2, _cluster.Enrolments.Count);
    }

    [Theory]
    [InlineData(0.0, 10)]
    [InlineData(0.5, 15)]
    public async Task Retry_window_is_honoured_with_jitter(double uniform, double expectedSeconds)
    {
        _cluster.Replies.Enqueue(() => new CheckInReply { RetryMin = TimeSpan.FromSeconds(10), RetryMax = TimeSpan.FromSeconds(20) });

        await RunAsync(random: () => uniform);

        Assert.Equal([TimeSpan.FromSeconds(expectedSeconds)], _time.Delays);
    }

    [Fact]
    public async Task Measured_speed_is_told_at_the_next_check_in()
    {
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5));
        var done = new TaskCompletionSource();
        _worker.Gate = done.Task;

        var session = CreateSession().RunAsync(TestContext.Current.CancellationToken);
        await _worker.Started.Task;
        _time.Advance(TimeSpan.FromSeconds(3));
        done.SetResult();
        await session;

        Assert.Equal(0f, _cluster.CheckIns[0].PassesPerSecond);
        Assert.Equal(0.5f, _cluster.CheckIns[1].PassesPerSecond); // 12 examples = 1.5 passes in 3 s
        Assert.Equal(3000, Assert.Single(_cluster.Contributions).ElapsedMilliseconds);
    }

    [Fact]
    public async Task Cancellation_abandons_the_computation_and_hands_nothing_in()
    {
        _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 5));
        _worker.Gate = new TaskCompletionSource().Task;
        using var stop = new CancellationTokenSource();

        var session = CreateSession().RunAsync(stop.Token);
        await _worker.Started.Task;
        Assert.Equal((1, 1), (_statistics.Sessions, _statistics.Computing));
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session);
        Assert.Empty(_cluster.Contributions);
        Assert.Equal((0, 0), (_statistics.Sessions, _statistics.Computing));
    }

    private Task<SessionEnd> RunAsync(Func<double>? random = null) => _time.DriveAsync(CreateSession(random).RunAsync(TestContext.Current.CancellationToken));

    private DeviceSession CreateSession(Func<double>? random = null)
    {
        var context = new FleetContext(_cluster, new SnapshotCache(_cluster), new SemaphoreSlim(1), _statistics, new SessionOptions(), _time, random ?? (() => 0.5));
        return new DeviceSession(new DeviceProfile("device-00007", "job", 100), (_, _) => Task.FromResult<IDeviceWorker>(_worker), context);
    }
}
