using System.Diagnostics;
using FwdLLM.Cli.Jobs;
using FwdLLM.Cli.Journals;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Exports;
using FwdLLM.Silo;
using Microsoft.Extensions.DependencyInjection;

namespace FwdLLM.Cli.Running;

/// <summary>
/// A run in this process: a silo with durable storage in the output folder, and all devices behind one real client
/// connection on loopback. The devices speak the protocol that separate processes speak; only status is read inside.
/// </summary>
public sealed class LocalRunExecutor(TimeProvider time, Func<double> random) : IRunExecutor
{
    private static readonly TimeSpan StatusWait = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<RunSummary> ExecuteAsync(RunSettings settings, IRunObserver observer, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            observer.Report(new RunProgress { Phase = "reading data" });
            var data = RunData.Load(settings);
            observer.Report(new RunProgress { Phase = "compiling the model", Elapsed = watch.Elapsed });
            var model = await Task.Run(() => Compile(settings, () => data.Train.Texts, line => observer.Report(new RunProgress { Phase = line, Elapsed = watch.Elapsed }), cancellation), cancellation);
            ExportFormats.Check(settings.Export, model, settings.Task.Outputs(data.Labels.Count) > 0);
            var spec = JobSpecFactory.Create(settings, data.Labels, VerbalizerHead.Read(settings, data.Labels), model);
            using var workers = new ShardWorkerFactory(data.Train, data.Shards, (_, _) => Task.FromResult(model.Folder), new RuntimeOptions(), ExactOption.Choose(settings.Algorithm.Seed, settings.Devices, settings.ExactDevices));
            using var evaluation = ModelRuntime.Open(model, new RuntimeOptions { AllowVjp = false });
            return await RunAsync(new Prepared(settings, data, spec, model, workers, new HeldOutEvaluator(evaluation, HeldOutData.Create(data.Test, spec, model)), watch), observer, cancellation);
        }
        catch (Exception e) when (e is CheckpointException or InferenceException or InvalidDataException or JobInvalidException or JobConflictException or OrleansException or IOException)
        {
            throw new RunException(e.Message, e);
        }
    }

    private async Task<RunSummary> RunAsync(Prepared prepared, IRunObserver observer, CancellationToken cancellation)
    {
        var settings = prepared.Settings;
        var ports = FreePort.Take(2);
        var silo = SiloHostBuilder.Build(
            new SiloSettings { ClusterId = settings.Id, SiloPort = ports[0], GatewayPort = ports[1], HttpPort = 0, StorageFolder = Path.Combine(settings.Output, "state"), ArtifactsFolder = ModelFolder() },
            services => services.AddSingleton<IModelEvaluator>(prepared.Evaluator));
        observer.Report(new RunProgress { Phase = "starting the silo", Elapsed = prepared.Watch.Elapsed });
        await silo.StartAsync(cancellation);
        try
        {
            var clientSettings = new DeviceClientSettings { Gateways = [$"127.0.0.1:{ports[1]}"], ClusterId = settings.Id };
            await using var client = await DeviceClient.ConnectAsync(clientSettings, time, random, cancellation: cancellation);
            return await FollowAsync(prepared, silo.Services.GetRequiredService<IGrainFactory>(), client, observer, cancellation);
        }
        finally
        {
            // Not the caller's token: a stop that was asked for still ends cleanly.
            await silo.StopAsync(CancellationToken.None);
            silo.Dispose();
        }
    }

    private async Task<RunSummary> FollowAsync(Prepared prepared, IGrainFactory grains, DeviceClient client, IRunObserver observer, CancellationToken cancellation)
    {
        var settings = prepared.Settings;
        var job = grains.GetGrain<IJobGrain>(settings.Id);
        var spec = prepared.Spec;
        var status = await job.Submit(spec);
        var recorder = new ContributionRecorder(client.Cluster);
        var options = new FleetOptions { JobId = settings.Id, FirstDevice = 0, DeviceCount = settings.Devices, MaxConcurrentWork = settings.Threads };
        var fleet = new DeviceFleet(options, recorder, prepared.Workers, time, random);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var devices = fleet.RunAsync(stop.Token);
        var pace = new RunPace(settings.Algorithm, prepared.Watch);
        try
        {
            while (!JobProgress.Ended(status))
            {
                cancellation.ThrowIfCancellationRequested();
                observer.Report(pace.Complete(JobProgress.From(status, prepared.Watch.Elapsed), status) with
                {
                    BytesUp = client.Meter.BytesSent,
                    BytesDown = client.Meter.BytesReceived,
                    DevicesActive = fleet.Statistics.Computing + fleet.Statistics.Queued,
                });
                // A device that cannot go on ends the fleet; its exception says why.
                if (devices.IsFaulted) await devices;
                if (fleet.Statistics.Refused > 0 && devices.IsCompleted) throw new RunException($"Every device has left: {fleet.Statistics.LastRefusal}.");
                status = await job.GetStatus(status.Revision, StatusWait);
            }

            if (status.Phase != JobPhase.Finished) throw new RunException(status.Message ?? $"The job ended in phase {status.Phase}.");
            await devices.WaitAsync(cancellation);
        }
        finally
        {
            await stop.CancelAsync();
            // Only the sessions' end is awaited here; what they throw was looked at above or is the cancellation.
            await devices.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        var (up, down) = (client.Meter.BytesSent, client.Meter.BytesReceived);
        var perProbe = await recorder.MeasureAsync(client.Meter, cancellation);
        var snapshot = ModelSnapshot.FromBytes(await grains.GetGrain<IModelGrain>(settings.Id).ReadSnapshotAsync(status.Model!.Version));
        var result = new RunResult(prepared.Model.ManifestSha256, settings.Task, spec.Labels, spec.MaxTokens, snapshot);
        result.Write(settings.Output);
        if (await ClusterJournal.OpenAsync(grains.GetGrain<IModelGrain>(settings.Id), cancellation) is { } journal)
            await JournalFile.WriteAsync(journal, Path.Combine(settings.Output, JournalFile.InRun), _ => { }, cancellation);
        ExportFormats.Write(settings.Export, result.Trained(settings, prepared.Model), Path.Combine(settings.Output, RunFolder.AdapterFolder));
        return RunSummaries.Create(prepared, status, up, down, perProbe);
    }

    /// <summary>The model that a run's settings name, from the cache or compiled now.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="texts">Texts to test a quantised model with.</param>
    /// <param name="report">Told what the test finds.</param>
    /// <param name="cancellation">Ends the test.</param>
    internal static CompiledModel Compile(RunSettings settings, Func<IEnumerable<string>> texts, Action<string> report, CancellationToken cancellation)
        => ModelCache.GetOrCreate(settings.Model, settings.Adapter, settings.Precision, ModelFolder(), (checkpoint, source, folder) =>
            PreciseModel.Compile(source, checkpoint.LoadTokenizer, settings.Adapter, settings.Precision, folder, withVjp: true, texts, settings.Threads, report, cancellation), TaskDefaults.Pooling(settings.Task));

    // Compiling takes seconds and the result is found by its content, so runs share it.
    private static string ModelFolder()
        => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "fwdllm", "models");
}
