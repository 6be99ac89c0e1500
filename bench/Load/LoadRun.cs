using System.Diagnostics;
using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Load;

/// <summary>One job over all devices against running silos: enrolment, free rounds, held rounds, leave.</summary>
internal sealed class LoadRun(SiloGroup silos, DeviceClient client, LoadSettings settings, string jobId)
{
    /// <summary>The first round warms up; then come the free ones, then the held ones.</summary>
    private const int WarmUp = 1;

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(5);

    private readonly Dictionary<uint, long> _closed = [];

    /// <summary>Time from the first enrolment sent to the last answered.</summary>
    public TimeSpan Enrolling { get; private set; }

    /// <summary>99 % of the enrolments were answered within so many milliseconds.</summary>
    public double EnrolmentP99 { get; private set; }

    /// <summary>The silos' memory with all devices enrolled and before any round.</summary>
    public SiloMemory Enrolled { get; private set; }

    /// <summary>Rounds in which every device answers as fast as it can.</summary>
    public List<FreeRound> Free { get; } = [];

    /// <summary>Rounds whose contributions went with a fixed number on their way.</summary>
    public List<RoundWatch> Held { get; } = [];

    /// <summary>Calls of devices that failed with all their retries, and the last one's message.</summary>
    public (long Count, string? Last) Failures { get; private set; }

    private int Rounds => WarmUp + (2 * settings.Rounds);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var job = client.Orleans.GetGrain<IJobGrain>(jobId);
        // One device more than there are: the job waits with all enrolled until the last one comes, so that the silos can be weighed.
        await job.Submit(LoadJob.Create(jobId, settings.Devices + 1, Rounds));
        var watched = new WatchedCluster(client.Cluster, settings.Devices + 1, settings.InFlight, round => round >= WarmUp + settings.Rounds);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var started = Stopwatch.GetTimestamp();
        var fleet = Fleet(watched, 0, settings.Devices);
        var devices = fleet.RunAsync(stop.Token);
        using var progress = new Timer(_ => Console.Error.WriteLine($"{jobId}: {Stopwatch.GetElapsedTime(started).TotalSeconds:f0} s, {watched.Enrolled} enrolled, {watched.CheckIns} check-ins, {silos.ProcessorSeconds:f0} s of silo processor, accepted {string.Join(' ', watched.Rounds.Values.Select(round => round.Accepted))}"), null, ProgressEvery, ProgressEvery);
        while (watched.Enrolled < settings.Devices)
            await Task.WhenAny(Task.Delay(20, cancellation), devices).Unwrap();
        Enrolling = Stopwatch.GetElapsedTime(started);
        EnrolmentP99 = watched.Enrolments.Quantile(0.99);
        Enrolled = await silos.WeighAsync(cancellation);

        var last = Fleet(watched, settings.Devices, 1);
        var all = Task.WhenAll(devices, last.RunAsync(stop.Token));
        await FollowAsync(job, all, cancellation);
        await all;
        Failures = (fleet.Statistics.CallFailures + last.Statistics.CallFailures, fleet.Statistics.LastFailure ?? last.Statistics.LastFailure);
        for (uint round = WarmUp; round < Rounds; round++)
        {
            if (round >= WarmUp + settings.Rounds)
                Held.Add(watched.Rounds[round]);
            else
                Free.Add(new FreeRound(Stopwatch.GetElapsedTime(_closed[round - 1], _closed[round]), watched.Rounds[round], _closed[round]));
        }
    }

    private async Task FollowAsync(IJobGrain job, Task devices, CancellationToken cancellation)
    {
        for (var status = new JobStatus { Revision = -1, Phase = JobPhase.Unknown }; status.Phase != JobPhase.Finished;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (devices.IsFaulted)
                await devices;
            try
            {
                status = await job.GetStatus(status.Revision, TimeSpan.FromSeconds(2));
            }
            catch (TimeoutException)
            {
                continue; // A silo with its hands full; the rounds are timed by their closing, which is still to come.
            }

            if (status.Phase == JobPhase.Failed)
                throw new IOException($"job {jobId} failed: {status.Message}");
            if (status.Model is { Version: > 0 } model)
                for (var round = (uint)model.Version; round-- > 0 && _closed.TryAdd(round, Stopwatch.GetTimestamp());)
                    continue;
        }
    }

    private DeviceFleet Fleet(IDeviceCluster cluster, int first, int count) => new(
        new FleetOptions { JobId = jobId, FirstDevice = first, DeviceCount = count, MaxConcurrentCalls = settings.Devices + 1 }, cluster, new LoadWorkers(), TimeProvider.System, Random.Shared.NextDouble);
}
