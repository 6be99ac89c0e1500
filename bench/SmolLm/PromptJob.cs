using FwdLLM.Bench.Learning;
using FwdLLM.Cli.Jobs;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;
using FwdLLM.Silo;

namespace FwdLLM.Bench.SmolLm;

/// <summary>A job file for the task prompt, opened as <c>fwdllm run</c> opens it, to be computed without a cluster.</summary>
internal sealed class PromptJob : IDisposable
{
    private readonly RunData _data;
    private readonly JobSpec _spec;
    private readonly CompiledModel _model;
    private readonly ModelRuntime _runtime;
    private readonly TrainingContext _context;

    /// <param name="path">Job file.</param>
    public PromptJob(string path)
    {
        var raw = JobFile.Read(path);
        raw["out"] = new RawValue(path + ".none", "out"); // nothing is written there
        var settings = new RunSettingsBuilder(raw, BundledAssets.Installed, default).Build();
        _data = RunData.Load(settings);
        _model = LocalRunExecutor.Compile(settings, () => _data.Train.Texts, Console.Error.WriteLine, CancellationToken.None);
        _spec = JobSpecFactory.Create(settings, _data.Labels, VerbalizerHead.Read(settings, _data.Labels), _model);
        _runtime = ModelRuntime.Open(_model);
        _context = new TrainingContext(settings.Algorithm, _model.Layout, _model.Manifest.FeatureSize, _data.Labels.Count)
        {
            Task = TaskKind.PromptClassification,
            StartHead = TrainingContext.ReadHead(_spec.Task.StartHead),
        };
    }

    /// <summary>d.</summary>
    public int Dimension => _runtime.Dimension;

    /// <summary>What the model as it is does on the rows that the job file evaluates on.</summary>
    public EvaluationResult ZeroShot()
    {
        var trainer = new Trainer(_context);
        return Evaluate(trainer.Snapshot(trainer.Initial()));
    }

    /// <summary>The whole job, and its model on the rows that the job file evaluates on. Features of texts below the trained layers are computed once for all calls.</summary>
    /// <param name="adjust">Changes the recipe.</param>
    public EvaluationResult Train(Func<AlgorithmOptions, AlgorithmOptions> adjust)
    {
        var context = _context with { Options = adjust(_context.Options) };
        var trainer = new Trainer(context);
        var encoder = _data.Train.Prepare(_spec, Tokenizers.Load(_model.Folder), _model.Folder);
        var state = new Simulation(trainer, [.. _data.Shards.Select(shard => new DeviceWorker(context, _runtime, encoder.Encode(shard)))])
            .Run((plan, state, loss) => Console.Error.WriteLine(FormattableString.Invariant($"  {plan.Kind} {state.ProbeRounds}: loss {loss:f4}")));
        return Evaluate(trainer.Snapshot(state));
    }

    public void Dispose() => _runtime.Dispose();

    private EvaluationResult Evaluate(ModelSnapshot snapshot)
    {
        var examples = _data.Test.Prepare(_spec, Tokenizers.Load(_model.Folder), _model.Folder).Encode(Enumerable.Range(0, _data.Test.Rows.Rows.Count));
        var classes = examples.Targets.Cast<ClassTarget>().Select(target => target.Class);
        return new HeldOutEvaluator(_runtime, examples.Sequences, [.. classes]).EvaluateAsync(_spec, snapshot.ToBytes(), CancellationToken.None).GetAwaiter().GetResult();
    }
}
