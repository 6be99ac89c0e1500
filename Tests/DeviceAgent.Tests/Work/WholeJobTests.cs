using FwdLLM.DeviceAgent.Work;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Tests.Inference;

namespace FwdLLM.DeviceAgent.Tests.Work;

public sealed class WholeJobTests : IDisposable
{
    private const int Texts = 120;

    private static readonly AlgorithmOptions Options = new() { BatchSize = 8, ProbesPerDevice = 12, MaxRounds = 60, HeadIterations = 30, HeadLast = true, LearningRate = 0.3 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, Func<AlgorithmOptions, AlgorithmOptions>> Recipes => new()
    {
        { "default", o => o },
        { "importance", o => o with { ImportanceSampling = true } },
        { "every part off", o => o with { CentredResiduals = false, BlockScaling = false, Schedule = StepSchedule.Constant, LearningRate = 0.05 } },
        { "one-sided differences", o => o with { Estimator = EstimatorKind.OneSided } },
        { "guided", o => o with { Sampling = SamplingKind.Guided } },
        { "adam", o => o with { Optimiser = OptimiserKind.Adam, Momentum = 0.9, LearningRate = 0.05 } },
        { "gaussian", o => o with { Directions = DirectionKind.Gaussian, Momentum = 0.8 } },
        { "gated waves", o => o with { MaxWaves = 3, GateThreshold = 0.6 } },
        { "whole shards", o => o with { BatchSize = 64 } },
    };

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Job_lowers_the_loss_below_that_of_the_head_alone(string name, Func<AlgorithmOptions, AlgorithmOptions> recipe)
    {
        var states = ToyJob.Run(recipe(Options), 4, Texts);
        var (last, fitted) = (states[^1], states.First(state => state.ProbeRounds == 0 && state.Stage is TrainingStage.Curvature or TrainingStage.Probes));
        Assert.Equal(TrainingStage.Done, last.Stage);
        Assert.Equal(60, last.ProbeRounds);
        Assert.Equal(1, last.Report["adapter-kept"]);
        Assert.Equal(ToyJob.Loss(fitted, Texts), fitted.HeadOnlyLoss, 0.01);
        Assert.True(ToyJob.Loss(last, Texts) < 0.8 * ToyJob.Loss(fitted, Texts), $"{name}: {ToyJob.Loss(fitted, Texts):f4} → {ToyJob.Loss(last, Texts):f4}");
        Assert.True(last.Report["head-loss"] < last.HeadOnlyLoss);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void Job_learns_from_devices_that_hold_one_class_each(bool centred, bool weighted)
    {
        var options = Options with { CentredResiduals = centred, ImportanceSampling = weighted };
        var states = ToyJob.Run(options, 4, Texts, x => (2 * ToyRuntime.Label(x)) + (x & 1));
        Assert.True(ToyJob.Loss(states[^1], Texts) < 0.2 * states[^1].HeadOnlyLoss, $"{states[^1].HeadOnlyLoss:f4} → {ToyJob.Loss(states[^1], Texts):f4}");
    }

    [Fact]
    public void Job_gives_the_same_bits_again()
    {
        var hashes = ToyJob.Run(Options with { MaxRounds = 5 }, 4, Texts).Select(state => state.AdapterSha256()).ToArray();
        Assert.Equal(hashes, ToyJob.Run(Options with { MaxRounds = 5 }, 4, Texts).Select(state => state.AdapterSha256()));
        Assert.NotEqual(hashes[^1], ToyJob.Run(Options with { MaxRounds = 5, Seed = 2 }, 4, Texts)[^1].AdapterSha256());
    }

    [Fact]
    public void Reference_mode_lowers_the_loss()
    {
        var states = ToyJob.Run(AlgorithmOptions.Reference with { CohortSize = 4, MaxRounds = 120, LearningRate = 0.05 }, 4, Texts);
        Assert.True(ToyJob.Loss(states[^1], Texts) < 0.8 * ToyJob.Loss(states[0], Texts), $"{ToyJob.Loss(states[0], Texts):f4} → {ToyJob.Loss(states[^1], Texts):f4}");
    }

    [Fact]
    public void Estimators_agree_on_a_real_encoder()
    {
        var folder = _folder.File("model");
        var model = ModelCompiler.Compile(TinyBert.Source(), new AdapterSpec(AdapterKinds.LoraXs, 3, 6, AdapterSpec.AllLinear), folder, withVjp: true);
        using var runtime = FwdLLM.Inference.ModelRuntime.Open(model);
        var texts = TinyBert.Batch(9, 4, 6, 12, 9, 5, 7, 3, 8, 11);
        var random = new Random(3);
        float[] Draw(int count, float bound) => [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * bound)];
        var snapshot = new ModelSnapshot
        {
            Version = 1,
            Theta = Draw(runtime.Dimension, 0.2f),
            Head = Draw((3 * runtime.FeatureSize) + 3, 0.5f),
            FeatureMean = Draw(runtime.FeatureSize, 0.2f),
            FeatureScale = [.. Enumerable.Repeat(1.2f, runtime.FeatureSize)],
            BlockScale = [.. Enumerable.Repeat(0.5f, model.Layout.Blocks.Count)],
        };
        float[] Scalars(EstimatorKind estimator, double epsilon) => new DeviceWorker(
            new TrainingContext(new AlgorithmOptions { Estimator = estimator, Epsilon = epsilon }, model.Layout, runtime.FeatureSize, 3), runtime, new LocalExamples(texts, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]))
            .Execute(ToyJob.Order(WorkKind.Probes, 5, 6), snapshot, TestContext.Current.CancellationToken).Scalars;
        var exact = Scalars(EstimatorKind.Jvp, 1);
        var scale = exact.Max(Math.Abs);
        Assert.All(exact.Zip(Scalars(EstimatorKind.Oracle, 1)), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * scale));
        Assert.All(exact.Zip(Scalars(EstimatorKind.Central, 1e-3)), pair => Assert.Equal(pair.First, pair.Second, 0.01 * scale));
        Assert.All(exact.Zip(Scalars(EstimatorKind.OneSided, 1e-3)), pair => Assert.Equal(pair.First, pair.Second, 0.05 * scale));
    }
}
