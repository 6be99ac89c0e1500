using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Inference;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Cli.Profiling;

/// <summary>Compares adapters on public text: compiles each into a folder of its own, measures it, and removes the folder.</summary>
/// <param name="time">Clock.</param>
/// <param name="progress">Told of what goes on, a line each.</param>
public sealed class Profiler(TimeProvider time, Action<string> progress)
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    private PublicExamples? _pool;
    private FittedHead? _fitted;
    private long _reportedAt = time.GetTimestamp();

    /// <summary>Measures every candidate.</summary>
    /// <exception cref="InputException">A candidate does not fit the model, or the rows do not suffice.</exception>
    /// <exception cref="DataException">The data cannot be used.</exception>
    /// <exception cref="RunException">A computation failed.</exception>
    public ProfileReport Run(ProfileSettings settings, CancellationToken cancellation)
    {
        var (run, options) = (settings.Run, settings.Run.Algorithm);
        (_pool, _fitted) = (null, null);
        var data = DataReader.Read(run.Train, run.DataReadOptions with { GroupColumn = null });
        foreach (var row in data.Skipped)
            progress($"{data.Source}, line {row.Line}: left out: {row.Reason}");
        _ = LabelIndex.FromTrain(data);
        var rows = Math.Min(data.Rows.Count, PublicExamples.MaxRows);
        var least = ProfilePlan.LeastBatches * options.BatchSize;
        if (rows < least)
            throw new InputException($"{data.Source} has {rows} usable rows; batches of {options.BatchSize} need at least {least}. Give more rows, or a smaller --batch-size.");
        if (settings.Examples < least)
            throw new InputException($"--examples is {settings.Examples}; batches of {options.BatchSize} need at least {least}. Raise it, or lower --batch-size.");
        using var checkpoint = Checkpoint.Open(run.Model);
        var candidates = Fitting(checkpoint, settings.Candidates);
        var plan = ProfilePlan.Draw(rows, settings.Examples, options.BatchSize, options.Seed);
        var measured = new List<CandidateProfile>();
        foreach (var spec in candidates)
        {
            var name = AdapterOption.Format(spec);
            var begin = time.GetTimestamp();
            var profile = Measure(checkpoint, spec, data, plan, run, line => progress($"{name} ({measured.Count + 1} of {candidates.Count}): {line}"), cancellation);
            measured.Add(profile with { Seconds = time.GetElapsedTime(begin).TotalSeconds });
        }

        return new ProfileReport
        {
            Rows = rows,
            Examples = plan.Gradients.Length * options.BatchSize,
            BatchSize = options.BatchSize,
            Probes = options.ProbesPerDevice,
            Seed = options.Seed,
            BlockScaling = options.BlockScaling,
            CentredResiduals = options.CentredResiduals,
            SkippedRows = data.SkippedCount,
            // Stable, so that equal rates keep the order of the list; NaN sorts last.
            Candidates = [.. measured.OrderByDescending(candidate => candidate.Rate.Value)],
        };
    }

    private List<AdapterSpec> Fitting(Checkpoint checkpoint, IReadOnlyList<AdapterSpec>? named)
    {
        var errors = new List<string>();
        var fitting = new List<AdapterSpec>();
        foreach (var spec in named ?? CandidateList.Default(checkpoint.Config.Layers))
            try
            {
                _ = ModelCompiler.Layout(checkpoint, spec);
                fitting.Add(spec);
            }
            catch (ArgumentException e)
            {
                errors.Add($"{AdapterOption.Format(spec)} does not fit the model: {e.Message}");
            }

        if (errors.Count > 0 && (named is not null || fitting.Count == 0))
            throw new InputException([.. errors.Select(error => $"the adapter {error}")]);
        foreach (var error in errors)
            progress($"left out: {error}");
        return fitting;
    }

    private CandidateProfile Measure(Checkpoint checkpoint, AdapterSpec spec, DataSet<LabelledText> data, ProfilePlan plan, RunSettings run, Action<string> tell, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        tell("compiling");
        var folder = Path.Combine(Path.GetTempPath(), $"fwdllm-profile-{Guid.NewGuid():n}");
        try
        {
            var model = ModelCompiler.Compile(checkpoint, spec, folder, withVjp: true);
            _pool ??= PublicExamples.Tokenise(data, Tokenizers.Load(model.Folder), run.MaxTokens, run.Algorithm.Seed);
            var context = new TrainingContext(run.Algorithm, model.Layout, model.Manifest.FeatureSize, _pool.Classes);
            using var runtime = new StartFeatures(ModelRuntime.Open(model), context.InitialTheta(), _pool.Features);
            if (_fitted is null)
            {
                tell($"fitting the head on {_pool.Examples.Count} examples");
                _fitted = FittedHead.Fit(context, runtime, _pool, cancellation);
            }

            var measurement = new CandidateMeasurement(context, runtime, _pool, _fitted, plan, run.Threads);
            return measurement.Run(AdapterOption.Format(spec), measurement.Scales(Report, cancellation), Report, cancellation);
        }
        catch (Exception e) when (e is InferenceException or InvalidDataException or IOException)
        {
            throw new RunException(e.Message, e);
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }

        void Report(string what, int done, int of)
        {
            if (done > 0 && time.GetElapsedTime(_reportedAt) < BetweenLines)
                return;
            tell(done == 0 ? what : $"{what}, {done} of {of} batches");
            _reportedAt = time.GetTimestamp();
        }
    }
}
