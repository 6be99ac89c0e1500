using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Training;

public sealed class AlgorithmOptionsTests
{
    public static TheoryData<string, Func<AlgorithmOptions, AlgorithmOptions>> Invalid => new()
    {
        { "headIterations is 0", o => o with { HeadIterations = 0 } },
        { "headRidge is -1", o => o with { HeadRidge = -1 } },
        { "headRidge is NaN", o => o with { HeadRidge = double.NaN } },
        { "curvatureProbes is 1025", o => o with { CurvatureProbes = 1025 } },
        { "cohortSize is -1", o => o with { CohortSize = -1 } },
        { "batchSize is 0", o => o with { BatchSize = 0 } },
        { "batchSize is 1", o => o with { BatchSize = 1 } },
        { "probesPerDevice is 4097", o => o with { ProbesPerDevice = 4097 } },
        { "maxWaves is 0", o => o with { MaxWaves = 0 } },
        { "epsilon is 0", o => o with { Epsilon = 0 } },
        { "learningRate is -0.1", o => o with { LearningRate = -0.1 } },
        { "momentum is 1", o => o with { Momentum = 1 } },
        { "maxRounds is -1", o => o with { MaxRounds = -1 } },
        { "maxPasses is -1", o => o with { MaxPasses = -1 } },
        { "gateThreshold is NaN", o => o with { GateThreshold = double.NaN } },
        { "importanceSampling is on, but headFirst is off", o => o with { ImportanceSampling = true, HeadFirst = false } },
        { "guided sampling needs Rademacher", o => o with { Sampling = SamplingKind.Guided, Directions = DirectionKind.Gaussian } },
        { "guided sampling needs at least 2", o => o with { Sampling = SamplingKind.Guided, ProbesPerDevice = 1 } },
        { "headInTheta and headFirst exclude each other", o => o with { HeadInTheta = true } },
    };

    [Fact]
    public void Presets_are_valid_and_survive_json()
    {
        foreach (var options in new[] { new AlgorithmOptions(), AlgorithmOptions.Reference, QuadraticFleet.Options })
        {
            options.Validate();
            Assert.Equal(options, AlgorithmOptions.FromJson(options.ToJson()));
            Assert.Equal(options.ToJson(), AlgorithmOptions.FromJson(options.ToJson()).ToJson());
        }
    }

    [Fact]
    public void Json_names_kinds_in_words() => Assert.Contains("\"gate\":\"split-half\"", (new AlgorithmOptions() with { Gate = GateKind.SplitHalf }).ToJson(), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"learningRat\":1}", "learningRat")]
    [InlineData("{\"gate\":7}", "gate")]
    [InlineData("{\"gate\":\"none-such\"}", "gate")]
    [InlineData("{\"batchSize\":1e99}", "batchSize")]
    [InlineData("null", "null")]
    [InlineData("[]", "cannot be read")]
    [InlineData("", "cannot be read")]
    [InlineData("{\"batchSize\":100000}", "batchSize is 100000")]
    public void Json_that_is_no_recipe_is_refused_by_name(string json, string named)
        => Assert.Contains(named, Assert.Throws<ArgumentException>(() => AlgorithmOptions.FromJson(json)).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Validate_names_option_and_value(string message, Func<AlgorithmOptions, AlgorithmOptions> spoil)
    {
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => spoil(new AlgorithmOptions()).Validate()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Trainer(QuadraticFleet.Context(spoil(new AlgorithmOptions()))));
    }

    [Fact]
    public void Trainer_needs_two_classes_and_a_feature()
    {
        Assert.Throws<ArgumentException>(() => new Trainer(new TrainingContext(new AlgorithmOptions(), QuadraticFleet.Layout, 3, 1)));
        Assert.Throws<ArgumentException>(() => new Trainer(new TrainingContext(new AlgorithmOptions(), QuadraticFleet.Layout, 0, 2)));
    }
}
