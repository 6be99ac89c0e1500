using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>Workers over shards of one data file, all on one loaded model.</summary>
public sealed class ShardWorkerFactory : IWorkerFactory, IDisposable
{
    private readonly TaskData _data;
    private readonly int[][] _shards;
    private readonly Func<JobSpec, CancellationToken, Task<string>> _model;
    private readonly RuntimeOptions _options;
    private readonly IReadOnlySet<int> _exact;
    private Loaded? _loaded;

    /// <summary>Creates the factory; the model is loaded when a job needs it.</summary>
    /// <param name="data">All rows.</param>
    /// <param name="shards">Row indices of each device, by device number.</param>
    /// <param name="model">Folder of a job's compiled model, fetched if need be.</param>
    /// <param name="options">How much of the machine the model may use; whether it may backpropagate follows from <paramref name="exact"/>.</param>
    /// <param name="exact">Numbers of the devices that compute exact gradients.</param>
    public ShardWorkerFactory(TaskData data, int[][] shards, Func<JobSpec, CancellationToken, Task<string>> model, RuntimeOptions options, IReadOnlySet<int> exact)
        => (_data, _shards, _model, _options, _exact) = (data, shards, model, options with { AllowVjp = exact.Count > 0 }, exact);

    /// <inheritdoc/>
    public int Examples(int deviceNumber) => _shards[deviceNumber].Length;

    /// <inheritdoc/>
    public bool IsExact(int deviceNumber) => _exact.Contains(deviceNumber);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The model's folder holds another model than the job names, or a file of it is damaged.</exception>
    public async Task PrepareAsync(JobSpec job, CancellationToken cancellation)
    {
        var folder = await _model(job, cancellation);
        _loaded = await Task.Run(() => Load(folder, job), cancellation);
    }

    /// <inheritdoc/>
    public IDeviceWorker Create(JobSpec job, int deviceNumber)
    {
        var loaded = _loaded ?? throw new InvalidOperationException($"{nameof(PrepareAsync)} comes before {nameof(Create)}.");
        return new BackgroundWorker(new DeviceWorker(loaded.Context, loaded.Runtime, loaded.Encoder.Encode(_shards[deviceNumber]), loaded.Output), IsExact(deviceNumber));
    }

    /// <inheritdoc/>
    public void Dispose() => _loaded?.Runtime.Dispose();

    private Loaded Load(string folder, JobSpec job)
    {
        var model = CompiledModel.Open(folder);
        if (model.ManifestSha256 != job.Model.ManifestSha256)
            throw new InvalidDataException($"{folder} holds model {model.ManifestSha256}, but the job names {job.Model.ManifestSha256}; fetch or compile the job's model.");
        if (_exact.Count > 0 && model.Graph("vjp") is null)
            throw new InvalidDataException($"Model {model.ManifestSha256} was compiled without the graph that exact gradients need; compile it with fwdllm model add --exact, or run these devices without --exact.");
        var task = (TaskKind)job.Task.Kind;
        if (task != _data.Task)
            throw new InvalidDataException($"{_data.Rows.Source} was read for the task {TaskNames.Of(_data.Task)}, but the job's is {TaskNames.Of(task)}; read it for the job's (--task).");
        var context = new TrainingContext(AlgorithmOptions.FromJson(job.Algorithm), model.Layout, model.Manifest.FeatureSize, task.Outputs(job.Labels.Count)) { Task = task };
        return new Loaded(
            context, ModelRuntime.Open(model, _options), _data.Prepare(job, Tokenizers.Load(folder), folder),
            task == TaskKind.CausalLanguageModel ? OutputLayer.Read(model) : null);
    }

    private sealed record Loaded(TrainingContext Context, ModelRuntime Runtime, RowEncoder Encoder, VocabularyHead? Output);

    // Work takes seconds; the session's thread is the client's.
    private sealed class BackgroundWorker(DeviceWorker worker, bool exact) : IDeviceWorker
    {
        public Task<WorkResult> ExecuteAsync(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
            => order.Kind == WorkKind.ExactGradient && !exact
                ? throw new InvalidDataException("The job counts on this device's exact gradients, but the agent runs without --exact; start it as it was when the job began.")
                : Task.Run(() => worker.Execute(order, snapshot, cancellation), cancellation);
    }
}
