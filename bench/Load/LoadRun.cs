using System.Diagnostics;
using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Load;

/// <summary>One job over all devices against running silos: enrolment, free rounds, held rounds, leave.</summary>
internal sealed class LoadRun(SiloGroup silos, LoadSettings settings, string jobId)
{
    /// <summary>The first round warms up; then come the free ones, then the held ones.</summary>
    private const int WarmUp = 1;

    private readonly Dictionary<uint, long> _closed = [];

    /// <summary>Time from the first enrolment sent to the last answered.</summary>
    public TimeSpan Enrolling { get; private set; }

    public double EnrolmentP99 { get; private set; }

    /// <summary>Bytes resident in all silos with all devices enrolled and before any round.</summary>
    public long ResidentEnrolled { get; private set; }

    /// <summary>Live bytes of all silos then.</summary>
    public long LiveEnrolled { get; private set; }

    /// <summary>Time from the closing of one round to that of the next, for the free rounds.</summary>
    public List<FreeRound> Free { get; } = [];

    public List<RoundWatch> Held { get; } = [];

    public long CheckIns { get; private set; }

    public long CallFailures { get; private set; }

    public string? LastFailure { get; private set; }

    private int Rounds => WarmUp + (2 * settings.Rounds);

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var client = await silos.ConnectAsync(cancellation);
        var job = client.Orleans.GetGrain<IJobGrain>(jobId);
        // One device more than there are: the job waits with all enrolled until the last one comes, so that the silos can be weighed.
        await job.Submit(LoadJob.Create(jobId, settings.Devices + 1, Rounds));
        var watched = new WatchedCluster(client.Cluster, settings.Devices + 1, settings.InFlight, round => round >= WarmUp + settings.Rounds);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var started = Stopwatch.GetTimestamp();
        var fleet = Fleet(watched, 0, settings.Devices);
        var devices = fleet.RunAsync(stop.Token);
        using var trace = new Timer(_ => Console.Error.WriteLine($"[{Stopwatch.GetElapsedTime(started).TotalSeconds:f0}] enrolled {watched.Enrolled} check-ins {watched.CheckIns} failures {fleet.Statistics.CallFailures} {fleet.Statistics.LastFailure?[..Math.Min(150, fleet.Statistics.LastFailure.Length)]} cpu {silos.ProcessorSeconds:f1} rounds {string.Join(' ', watched.Rounds.Select(r => $"{r.Key}:{r.Value.Accepted}"))}"), null, 2000, 2000);
        while (watched.Enrolled < settings.Devices)
            await Task.WhenAny(Task.Delay(20, cancellation), devices).Unwrap();
        Enrolling = Stopwatch.GetElapsedTime(started);
        EnrolmentP99 = watched.Enrolments.Quantile(0.99);
        (LiveEnrolled, ResidentEnrolled) = (await silos.CollectAsync(cancellation), silos.Resident);

        var last = Fleet(watched, settings.Devices, 1);
        var all = Task.WhenAll(devices, last.RunAsync(stop.Token));
        await FollowAsync(job, all, cancellation);
        await all;
        (CheckIns, CallFailures) = (watched.CheckIns, fleet.Statistics.CallFailures + last.Statistics.CallFailures);
        LastFailure = fleet.Statistics.LastFailure;
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
        new FleetOptions { JobId = jobId, FirstDevice = first, DeviceCount = count }, cluster, new LoadWorkers(), TimeProvider.System, Random.Shared.NextDouble);
}
