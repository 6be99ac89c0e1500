using FwdLLM.Bench.Learning;
using FwdLLM.Cli.Profiling;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Optimisers;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Bench.Profile;

/// <summary>
/// Profiles a candidate and trains it for a few rounds, from the same head and in the same coordinates.
/// The step's length ρ is chosen such that a step is expected to cost every candidate the same in curvature: a normalised step is almost
/// all noise, so ρ² tr H/(2d) = <see cref="StepCost"/>. This uses nothing of the gradient, which is what η and the gain are compared about.
/// </summary>
internal sealed class ProfileTrial(string model, string trainFile, int rows, int examples, int rounds, int maxTokens, ulong seed)
{
    private const double StepCost = 2.5e-4;
    private const int Devices = 32, Evaluated = 512;

    private readonly AlgorithmOptions _options = new() { Estimator = EstimatorKind.Oracle, CohortSize = 16, Seed = seed, MaxRounds = rounds, MaxPasses = 0 };
    private PublicExamples? _pool;
    private FittedHead? _fitted;

    /// <summary>Forward passes of one run.</summary>
    public double Passes => rounds * _options.CohortSize * ForwardCost.Probes(EstimatorKind.Jvp, _options.BatchSize, _options.ProbesPerDevice, fixedResiduals: true) / (double)ForwardCost.ExamplesPerPass;

    public TrialResult Run(AdapterSpec spec)
    {
        var compiled = ModelCache.GetOrCompile(model, spec, Path.Combine(Path.GetTempPath(), "fwdllm-bench-models"));
        _pool ??= PublicExamples.Tokenise(Rows(), Tokenizers.Load(compiled.Folder), maxTokens, seed);
        var context = new TrainingContext(_options, compiled.Layout, compiled.Manifest.FeatureSize, _pool.Classes);
        using var runtime = new StartFeatures(ModelRuntime.Open(compiled), context.InitialTheta(), _pool.Features);
        _fitted ??= FittedHead.Fit(context, runtime, _pool, CancellationToken.None);
        var plan = ProfilePlan.Draw(_pool.Examples.Count, examples, _options.BatchSize, seed);
        var measurement = new CandidateMeasurement(context, runtime, _pool, _fitted, plan, Environment.ProcessorCount);
        var scales = measurement.Scales(Ignore, CancellationToken.None);
        var profile = measurement.Run(AdapterOption.Format(spec), scales, Ignore, CancellationToken.None);
        var step = Math.Sqrt(2 * StepCost * profile.Dimension / profile.Trace.Value);
        var theta = Train(context with { Options = _options with { LearningRate = step } }, runtime, scales);
        var (before, after) = (Loss(runtime, context.InitialTheta()), Loss(runtime, theta));
        return new TrialResult(profile, step, before, before - after, Expected(profile.Rate.Value));
    }

    private double Expected(double rate)
    {
        var probes = _options.CohortSize * _options.ProbesPerDevice;
        return Enumerable.Range(0, rounds).Select(round => StepScheduleFactor.At(_options.Schedule, round / (double)rounds)).Sum(f => (f * Math.Sqrt(2 * StepCost * probes * rate)) - (StepCost * f * f));
    }

    private float[] Train(TrainingContext context, StartFeatures runtime, float[] scales)
    {
        var trainer = new Trainer(context);
        var count = _pool!.Examples.Count;
        var devices = Enumerable.Range(0, Devices).Select(device => new DeviceWorker(context, runtime, _pool.Examples.At([.. Enumerable.Range(0, count).Where(row => row % Devices == device)]))).ToList();
        var start = trainer.Initial() with
        {
            Stage = TrainingStage.Probes,
            TotalExamples = count,
            Head = _fitted!.State.Head,
            FeatureMean = _fitted.State.FeatureMean,
            FeatureScale = _fitted.State.FeatureScale,
            BlockScale = scales,
        };
        return new Simulation(trainer, devices, start).Run().Theta;
    }

    private double Loss(StartFeatures runtime, float[] theta)
    {
        var evaluated = _pool!.Examples.At([.. Enumerable.Range(0, Math.Min(Evaluated, _pool.Examples.Count))]);
        var logits = _fitted!.Head.Logits(runtime.Features(evaluated.Sequences, theta));
        return SoftmaxLoss.Losses(logits, evaluated.Classes(), _pool.Classes).Average();
    }

    // Spread over the file, whatever its order.
    private DataSet<LabelledText> Rows()
    {
        var data = DataReader.Read(trainFile, new DataReadOptions());
        var kept = Math.Min(rows, data.Rows.Count);
        return data with { Rows = [.. Enumerable.Range(0, kept).Select(i => data.Rows[(int)((long)i * data.Rows.Count / kept)])] };
    }

    private static void Ignore(string what, int done, int of)
    {
    }
}
