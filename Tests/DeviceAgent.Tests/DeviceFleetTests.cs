using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.DeviceAgent.Tests;

public sealed class DeviceFleetTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeCluster _cluster = new();

    [Fact]
    public async Task Computations_at_a_time_are_bounded_and_the_model_is_prepared_once()
    {
        // Rounds differ, so that a device that comes back before the others have started does new work and not the same again.
        foreach (var round in Enumerable.Range(1, 20))
            _cluster.Replies.Enqueue(() => FakeCluster.Work((uint)round));
        var workers = new CountingWorkers();
        var fleet = new DeviceFleet(Options(devices: 20, concurrent: 3), _cluster, workers, _time, () => 0.5);

        var ends = await _time.DriveAsync(fleet.RunAsync(TestContext.Current.CancellationToken));

        Assert.Equal(Enumerable.Range(10, 20).Select(number => $"device-{number:D5}"), ends.Select(end => end.DeviceId));
        Assert.Equal((1, 20L), (workers.Preparations, fleet.Statistics.Accepted));
        Assert.InRange(workers.MostAtOnce, 1, 3);
    }

    [Fact]
    public async Task Enrolments_on_their_way_at_a_time_are_bounded()
    {
        var counting = new CountingCluster(_cluster);
        var fleet = new DeviceFleet(Options(devices: 20, concurrent: 1) with { MaxConcurrentCalls = 3 }, counting, new CountingWorkers(), _time, () => 0.5);

        var ends = await _time.DriveAsync(fleet.RunAsync(TestContext.Current.CancellationToken));

        Assert.Equal(20, ends.Count);
        Assert.Equal((20, 3), (_cluster.Enrolments.Count, counting.MostAtOnce));
    }

    [Fact]
    public async Task Device_that_fails_stops_the_others_and_its_failure_is_reported()
    {
        for (var device = 0; device < 5; device++)
            _cluster.Replies.Enqueue(() => FakeCluster.Work(round: 1));
        var fleet = new DeviceFleet(Options(devices: 5, concurrent: 1), _cluster, new CountingWorkers { FailOn = 12 }, _time, () => 0.5);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => _time.DriveAsync(fleet.RunAsync(TestContext.Current.CancellationToken)));

        Assert.Equal("device 12 has no data", error.Message);
        Assert.Equal(0, fleet.Statistics.Sessions);
    }

    [Fact]
    public async Task Devices_say_at_enrolment_whether_they_compute_exact_gradients()
    {
        var fleet = new DeviceFleet(Options(devices: 3, concurrent: 1), _cluster, new CountingWorkers { Exact = 11 }, _time, () => 0.5);

        await _time.DriveAsync(fleet.RunAsync(TestContext.Current.CancellationToken));

        Assert.Equal([false, true, false], _cluster.Enrolments.Select(enrolment => enrolment.Exact));
    }

    [Fact]
    public void Fleet_without_devices_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => new DeviceFleet(Options(devices: 0, concurrent: 1), _cluster, new CountingWorkers(), _time, () => 0.5));

        Assert.Contains("DeviceCount is 0", error.Message, StringComparison.Ordinal);
    }

    private static FleetOptions Options(int devices, int concurrent) => new() { JobId = "job", FirstDevice = 10, DeviceCount = devices, MaxConcurrentWork = concurrent };

    /// <summary>Counts the enrolments on their way; each takes some turns of the scheduler.</summary>
    private sealed class CountingCluster(FakeCluster cluster) : IDeviceCluster
    {
        private readonly Lock _lock = new();
        private int _running;

        public int MostAtOnce { get; private set; }

        public async Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation)
        {
            lock (_lock)
                MostAtOnce = Math.Max(MostAtOnce, ++_running);
            for (var turn = 0; turn < 50; turn++)
                await Task.Yield();
            lock (_lock)
                _running--;
            return await cluster.EnrolAsync(deviceId, enrolment, cancellation);
        }

        public Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation) => cluster.CheckInAsync(deviceId, request, cancellation);

        public Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation) => cluster.ContributeAsync(deviceId, contribution, cancellation);

        public Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation) => cluster.GetSnapshotAsync(jobId, version, offset, cancellation);

        public Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation) => cluster.GetChangesAsync(jobId, from, version, offset, cancellation);
    }

    private sealed class CountingWorkers : IWorkerFactory
    {
        private int _preparations;
        private int _running;
        private int _most;

        public int? FailOn { get; init; }

        public int? Exact { get; init; }

        public int Preparations => _preparations;

        public int MostAtOnce => _most;

        public int Examples(int deviceNumber) => 10;

        public bool IsExact(int deviceNumber) => deviceNumber == Exact;

        public Task PrepareAsync(JobSpec job, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _preparations);
            return Task.CompletedTask;
        }

        public IDeviceWorker Create(JobSpec job, int deviceNumber) =>
            deviceNumber == FailOn ? throw new InvalidDataException($"device {deviceNumber} has no data") : new Worker(this);

        private sealed class Worker(CountingWorkers owner) : IDeviceWorker
        {
            public async Task<WorkResult> ExecuteAsync(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
            {
                var running = Interlocked.Increment(ref owner._running);
                lock (owner)
                    owner._most = Math.Max(owner._most, running);
                await Task.Yield();
                Interlocked.Decrement(ref owner._running);
                return new WorkResult { Examples = 1, ForwardExamples = 1 };
            }
        }
    }
}
