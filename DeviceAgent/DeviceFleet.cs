using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent;

/// <summary>Many virtual devices in one process: one connection, shared model versions, a bounded number of computations at a time.</summary>
public sealed class DeviceFleet
{
    private readonly FleetOptions _options;
    private readonly IDeviceCluster _cluster;
    private readonly IWorkerFactory _workers;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;

    /// <summary>Creates a fleet; nothing starts yet.</summary>
    /// <param name="options">Validated here.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="workers">Makes the devices' computations.</param>
    /// <param name="time">Clock.</param>
    /// <param name="random">Uniform in [0, 1), thread-safe.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public DeviceFleet(FleetOptions options, IDeviceCluster cluster, IWorkerFactory workers, TimeProvider time, Func<double> random)
    {
        options.Validate();
        (_options, _cluster, _workers, _time, _random) = (options, cluster, workers, time, random);
    }

    /// <summary>What the devices are doing and have done.</summary>
    public FleetStatistics Statistics { get; } = new();

    /// <summary>Runs all devices until the job ends for each of them. The first device that fails stops the others.</summary>
    /// <returns>How each device's session ended, in order of their numbers.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<IReadOnlyList<SessionEnd>> RunAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var snapshots = new SnapshotCache(_cluster);
        using var processors = new SemaphoreSlim(_options.MaxConcurrentWork);
        using var bounded = new BoundedDeviceCluster(_cluster, _options.MaxConcurrentCalls);
        var context = new FleetContext(bounded, snapshots, processors, Statistics, _options.Session, _time, _random);
        var prepared = new Preparation(_workers);
        var sessions = Enumerable.Range(_options.FirstDevice, _options.DeviceCount)
            .Select(number => RunDeviceAsync(number, prepared, context, stop))
            .ToArray();
        return await Task.WhenAll(sessions);
    }

    private async Task<SessionEnd> RunDeviceAsync(int number, Preparation prepared, FleetContext context, CancellationTokenSource stop)
    {
        var profile = new DeviceProfile(DeviceProfile.IdOf(number), _options.JobId, _workers.Examples(number), _workers.IsExact(number));
        var session = new DeviceSession(profile, (job, cancellation) => prepared.CreateAsync(job, number, cancellation), context);
        var ended = false;
        try
        {
            var end = await session.RunAsync(stop.Token);
            ended = true;
            return end;
        }
        finally
        {
            if (!ended)
                await stop.CancelAsync();
        }
    }

    /// <summary>Gets the process ready for the job once, whichever device is welcome first.</summary>
    private sealed class Preparation(IWorkerFactory workers)
    {
        private readonly Lock _lock = new();
        private Task? _ready;

        public async Task<IDeviceWorker> CreateAsync(JobSpec job, int number, CancellationToken cancellation)
        {
            Task ready;
            lock (_lock)
                ready = _ready ??= workers.PrepareAsync(job, cancellation);
            await ready.WaitAsync(cancellation);
            return workers.Create(job, number);
        }
    }
}
