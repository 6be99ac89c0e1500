using System.Net;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;
using FwdLLM.Silo.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;

namespace FwdLLM.Tests.Grains;

/// <summary>One silo in this process on an SQLite file, with the quadratic stand-in for the algorithm.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private readonly Func<IRecordStore> _store;

    private TestCluster(InProcessTestCluster cluster, Func<IRecordStore> store) => (_cluster, _store) = (cluster, store);

    public IClusterClient Client => _cluster.Client;

    public IJobGrain Job => Client.GetGrain<IJobGrain>("job");

    public IModelGrain Model => Client.GetGrain<IModelGrain>("job");

    public static Task<TestCluster> Start(string database, TimeProvider? clock = null, Func<string, GrainId, bool>? fails = null, FlowLimits? limits = null, bool watchJobs = true) =>
        Start(() => new SqliteRecordStore(database), clock, fails, limits, watchJobs);

    public static async Task<TestCluster> Start(Func<IRecordStore> store, TimeProvider? clock = null, Func<string, GrainId, bool>? fails = null, FlowLimits? limits = null, bool watchJobs = true)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddDurableGrainStorage(fails is null ? GrainsServices.Storage : "disk", _ => store());
            if (fails is not null) silo.Services.AddGrainStorage(GrainsServices.Storage, (services, _) => new FailingStorage(services.GetRequiredKeyedService<IGrainStorage>("disk"), fails));
            silo.UseInMemoryReminderService();
            silo.Services.AddSingleton<ITrainingFactory, QuadraticTrainingFactory>();
            silo.Services.AddSingleton<IEvaluations, RecordingEvaluations>();
            silo.Services.AddKeyedSingleton(GrainsServices.Clock, clock ?? TimeProvider.System);
            silo.AddFwdLLMGrains(new ClusterTimings
            {
                JobWatch = watchJobs ? TimeSpan.FromMilliseconds(20) : Timeout.InfiniteTimeSpan,
                JobTick = TimeSpan.FromMilliseconds(20),
                RoundTick = TimeSpan.FromMilliseconds(20),
                PullEvery = TimeSpan.FromMilliseconds(200),
                RetryMin = TimeSpan.FromMilliseconds(1),
                RetryMax = TimeSpan.FromMilliseconds(5),
            }, limits);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new TestCluster(cluster, store);
    }

    public IDeviceGrain Device(int number) => Client.GetGrain<IDeviceGrain>(DeviceId(number));

    public static string DeviceId(int number) => $"device-{number:d2}";

    public static JobSpec Spec(Func<AlgorithmOptions, AlgorithmOptions>? recipe = null, Func<CohortSpec, CohortSpec>? cohort = null)
    {
        var options = new AlgorithmOptions { Seed = 7, CohortSize = 3, ProbesPerDevice = 4, MaxWaves = 3, MaxRounds = 6 };
        var devices = new CohortSpec { ExpectedDevices = 4 };
        return new JobSpec
        {
            Id = "job",
            Model = new ModelReference { ManifestSha256 = new string('a', 64), FeatureSize = 2, Blocks = [new ModelBlock { Name = "a", Length = QuadraticTraining.Dimension }] },
            Labels = ["no", "yes"],
            Algorithm = (recipe?.Invoke(options) ?? options).ToJson(),
            Cohort = cohort?.Invoke(devices) ?? devices,
            EvaluateEvery = 2,
        };
    }

    /// <summary>Enrols devices 0 to count − 1.</summary>
    public async Task Enrol(int count, int from = 0)
    {
        for (var device = from; device < from + count; device++)
        {
            var welcome = await Device(device).Enrol(new Enrolment { Protocol = ProtocolVersion.Current, JobId = "job", Examples = 8 });
            Assert.Null(welcome.Refusal);
        }
    }

    /// <summary>Waits for work, without working.</summary>
    public async Task<Assignment> NextWork(int device)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var reply = await Device(device).CheckIn(new CheckIn { Wait = TimeSpan.FromSeconds(2) });
            if (reply.Assignment is { } work) return work;
            Assert.False(reply.JobEnded);
        }
    }

    public async Task<Contribution> Answer(Assignment work) =>
        QuadraticTraining.Answer(work, (await Model.GetSnapshot(work.ModelVersion, 0)).Data);

    /// <summary>Works honestly until the job ends, or as long as <paramref name="until"/> says of each assignment.</summary>
    public async Task Work(int device, Func<Assignment, bool>? until = null)
    {
        while (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            var reply = await Device(device).CheckIn(new CheckIn { Wait = TimeSpan.FromSeconds(2) });
            if (reply.JobEnded) return;
            if (reply.Assignment is not { } work) continue;
            if (until?.Invoke(work) == true) return;
            await Device(device).Contribute(await Answer(work));
        }
    }

    /// <summary>Waits until the status is as wanted.</summary>
    public async Task<JobStatus> WaitFor(Func<JobStatus, bool> wanted)
    {
        var status = await Job.GetStatus(-1, TimeSpan.Zero);
        while (!wanted(status))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            status = await Job.GetStatus(status.Revision, TimeSpan.FromSeconds(2));
        }

        return status;
    }

    public async Task<JobStatus> RunToEnd(int devices)
    {
        var work = Enumerable.Range(0, devices).Select(d => Work(d)).ToArray();
        var status = await WaitFor(s => s.Phase is JobPhase.Finished or JobPhase.Failed);
        Assert.Equal(JobPhase.Finished, status.Phase);
        await Task.WhenAll(work);
        return status;
    }

    /// <summary>How often a device's record was written.</summary>
    public async Task<long> WritesOf(string grain)
    {
        await using var store = _store();
        await store.OpenAsync(TestContext.Current.CancellationToken);
        return (await store.ReadAsync(new RecordKey(grain, "device")))!.ETag;
    }

    /// <summary>How the job of <see cref="Spec"/> ends over four devices that nobody disturbs.</summary>
    public static async Task<JobStatus> RunUndisturbed(string database)
    {
        await using var cluster = await Start(database);
        await cluster.Job.Submit(Spec());
        await cluster.Enrol(4);
        return await cluster.RunToEnd(4);
    }

    /// <summary>Devices of a killed silo fail as they would: their calls end with its connection.</summary>
    public static void Forget(Task device) => device.ContinueWith(static d => _ = d.Exception, TaskScheduler.Default);

    /// <summary>Tells the silo that another has come, as its membership would.</summary>
    public void Upset() => Services.GetRequiredService<Upheaval>().SiloStatusChangeNotification(SiloAddress.New(IPAddress.Loopback, 1, 1), SiloStatus.Active);

    /// <summary>The silo's own.</summary>
    public IServiceProvider Services => _cluster.Silos[0].ServiceProvider;

    /// <summary>Ends the silo as a crash does: no deactivation, no shutdown.</summary>
    public async Task Kill() => await _cluster.KillSiloAsync(_cluster.Silos[0]);

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();
}
