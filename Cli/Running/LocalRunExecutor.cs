using System.Diagnostics;
using FwdLLM.Cli.Jobs;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;
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
            var model = await Task.Run(() => Compile(settings, data, observer, watch, cancellation), cancellation);
            using var workers = new ShardWorkerFactory(data.Train, data.Shards, (_, _) => Task.FromResult(model.Folder), new RuntimeOptions { AllowVjp = false });
            using var evaluation = ModelRuntime.Open(model, new RuntimeOptions { AllowVjp = false });
            return await RunAsync(new Prepared(settings, data, model, workers, Evaluator(evaluation, model, data, settings), watch), observer, cancellation);
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
        var spec = JobSpecFactory.Create(settings, prepared.Data.Labels.Labels, prepared.Model);
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
        AdapterOutput.Write(Path.Combine(settings.Output, AdapterOutput.Folder), prepared.Model, spec, snapshot, Path.GetFileName(Path.TrimEndingDirectorySeparator(settings.Model)));
        return RunSummaries.Create(prepared, status, up, down, perProbe);
    }

    private static CompiledModel Compile(RunSettings settings, RunData data, IRunObserver observer, Stopwatch watch, CancellationToken cancellation) =>
        ModelCache.GetOrCreate(settings.Model, settings.Adapter, settings.Precision, ModelFolder(), (checkpoint, folder) => PreciseModel.Compile(
            checkpoint, settings.Adapter, settings.Precision, folder, withVjp: true, () => data.Train.Rows.Select(row => row.Text), settings.Threads,
            line => observer.Report(new RunProgress { Phase = line, Elapsed = watch.Elapsed }), cancellation));

    private static HeldOutEvaluator Evaluator(ModelRuntime runtime, CompiledModel model, RunData data, RunSettings settings)
    {
        var tokenizer = WordPieceTokenizer.Load(model.Folder);
        return new HeldOutEvaluator(runtime, [.. data.Test.Rows.Select(row => new TokenSequence(tokenizer.Encode(row.Text, settings.MaxTokens)))], data.TestClasses);
    }

    // Compiling takes seconds and the result is found by its content, so runs share it.
    private static string ModelFolder()
        => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "fwdllm", "models");
}
