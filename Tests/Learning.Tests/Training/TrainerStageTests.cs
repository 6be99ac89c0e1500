using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Training;

public sealed class TrainerStageTests
{
    private static List<ModelState> Run(AlgorithmOptions options, double sign = 1) => new QuadraticFleet(new Trainer(QuadraticFleet.Context(options)), 4, sign: sign).Run();

    private static AlgorithmOptions Switched(bool headFirst, bool headLast, bool blockScaling, bool headInTheta) => QuadraticFleet.Options with
    {
        HeadFirst = headFirst,
        HeadLast = headLast,
        BlockScaling = blockScaling,
        HeadInTheta = headInTheta,
        ImportanceSampling = headFirst,
    };

    public static TheoryData<bool, bool, bool, bool, int> Switches()
    {
        var data = new TheoryData<bool, bool, bool, bool, int>();
        for (var bits = 0; bits < 16; bits++)
            foreach (var rounds in new[] { 0, 1, 5 })
                if (((bits & 1) & (bits >> 3)) == 0)
                    data.Add((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, rounds);
        return data;
    }

    [Theory]
    [MemberData(nameof(Switches))]
    public void Job_passes_exactly_the_stages_that_are_switched_on(bool headFirst, bool headLast, bool blockScaling, bool headInTheta, int rounds)
    {
        var states = Run(Switched(headFirst, headLast, blockScaling, headInTheta) with { MaxRounds = rounds });
        var expected = new List<TrainingStage>();
        if (headFirst) expected.AddRange([TrainingStage.Statistics, TrainingStage.HeadFit]);
        if (blockScaling && (rounds > 0 || !headFirst)) expected.Add(TrainingStage.Curvature);
        if (rounds > 0 || (!headFirst && !blockScaling)) expected.Add(TrainingStage.Probes);
        if (rounds > 0 && headFirst && headLast) expected.AddRange([TrainingStage.LastStatistics, TrainingStage.LastHeadFit]);
        if (rounds > 0 || headFirst) expected.Add(TrainingStage.Done);
        Assert.Equal(expected, states.Select(state => state.Stage).Distinct());
        Assert.Equal(rounds, states[^1].ProbeRounds);
        Assert.Equal(Enumerable.Range(0, states.Count).Select(version => (uint)version), states.Select(state => state.Version));
        if (rounds == 5) Assert.True(QuadraticFleet.Loss(states[^1]) < QuadraticFleet.Loss(states[0]));
    }

    [Theory]
    [InlineData(GateKind.None, 1)]
    [InlineData(GateKind.SplitHalf, 7)]
    [InlineData(GateKind.Reference, 7)]
    public void Plan_allows_waves_only_where_a_gate_asks_for_them(GateKind gate, int waves)
    {
        var trainer = new Trainer(QuadraticFleet.Context(Switched(false, false, false, true) with { Gate = gate, MaxWaves = 7 }));
        var plan = trainer.Plan(trainer.Initial())!;
        Assert.Equal((WorkKind.Probes, waves, 4, 8, 6), (plan.Kind, plan.MaxWaves, plan.CohortSize, plan.BatchSize, plan.ProbesPerDevice));
    }

    [Fact]
    public void Plan_of_a_stage_over_all_data_asks_every_device_for_its_whole_shard()
    {
        var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options));
        foreach (var state in new QuadraticFleet(trainer, 4).Run().Where(state => state.Stage is TrainingStage.Statistics or TrainingStage.HeadFit or TrainingStage.LastStatistics or TrainingStage.LastHeadFit))
        {
            var plan = trainer.Plan(state)!;
            Assert.Equal((0, 0, 0, 1), (plan.CohortSize, plan.BatchSize, plan.ProbesPerDevice, plan.MaxWaves));
        }
    }

    [Theory]
    [InlineData(16, 1)]
    [InlineData(64, 0.5)]
    public void Steps_of_a_job_longer_than_the_rate_is_meant_for_are_shorter_by_the_root_of_the_ratio(int rounds, double factor)
    {
        var options = Switched(false, false, false, false) with { MaxRounds = rounds, FullRateRounds = 16, LearningRate = 0.2, Schedule = StepSchedule.Constant };
        var rates = Run(options).Where(state => state.ProbeRounds > 0).Select(state => state.Report["rate"]).ToList();
        Assert.Equal(rounds, rates.Count);
        Assert.All(rates, rate => Assert.Equal(0.2 * factor, rate, 1e-12));
    }

    [Fact]
    public void Budget_that_the_first_pass_already_spends_leaves_the_fitted_head_alone()
    {
        var states = Run(QuadraticFleet.Options with { MaxPasses = 3, MaxRounds = 1000 });
        Assert.Equal([TrainingStage.Statistics, TrainingStage.HeadFit, TrainingStage.Done], states.Select(state => state.Stage).Distinct());
        Assert.Equal(4 * 32, states[^1].ForwardExamples);
        Assert.All(states[^1].Theta, value => Assert.Equal(0, value));
        Assert.All(states[^1].Head, value => Assert.InRange(value, 0.4f, 0.6f));
    }

    [Theory]
    [InlineData(140)]
    [InlineData(200)]
    [InlineData(331)]
    public void Budget_keeps_the_last_pass_over_the_data_in_reserve(int passes)
    {
        var states = Run(QuadraticFleet.Options with { MaxPasses = passes, MaxRounds = 1000 });
        var last = states[^1];
        var wave = 4 * ForwardCost.Probes(EstimatorKind.Jvp, 8, 6, fixedResiduals: true);
        Assert.Equal(TrainingStage.Done, last.Stage);
        Assert.Contains(states, state => state.Stage == TrainingStage.LastHeadFit);
        Assert.InRange(last.ForwardExamples, (passes * 8) - wave, passes * 8);
    }

    [Fact]
    public void RoundsLeft_counts_down_to_zero_and_is_unknown_before_the_data_is_counted()
    {
        var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options));
        var states = new QuadraticFleet(trainer, 4).Run();
        Assert.Equal(-1, trainer.RoundsLeft(states[0]));
        Assert.Equal([5, 4, 3, 2, 1], states.Where(state => state.Stage == TrainingStage.Probes).Select(trainer.RoundsLeft));
        Assert.Equal(0, trainer.RoundsLeft(states[^1]));
    }

    [Fact]
    public void Head_fit_records_the_loss_without_adapter_and_keeps_a_better_adapter()
    {
        var states = Run(QuadraticFleet.Options with { LearningRate = 1, MaxRounds = 40 });
        var last = states[^1];
        Assert.Equal(1, last.Report["adapter-kept"]);
        Assert.True(last.Report["head-loss"] < last.HeadOnlyLoss, $"{last.Report["head-loss"]} is not below {last.HeadOnlyLoss}");
        Assert.Contains(last.Theta, value => value != 0);
    }

    [Fact]
    public void Adapter_that_leaves_the_loss_higher_is_taken_back()
    {
        var states = Run(QuadraticFleet.Options with { LearningRate = 1, MaxRounds = 10 }, sign: -1);
        var fitted = states.First(state => state.Stage == TrainingStage.Curvature);
        Assert.Contains(states.Last(state => state.Stage == TrainingStage.LastHeadFit).Theta, value => value != 0);
        Assert.Equal(0, states[^1].Report["adapter-kept"]);
        Assert.Equal(states[0].Theta, states[^1].Theta);
        Assert.Equal(fitted.Head, states[^1].Head);
    }

    [Fact]
    public void Curvature_scales_each_block_by_its_inverse_root_trace()
    {
        var states = Run(QuadraticFleet.Options);
        var scale = states.First(state => state.Stage == TrainingStage.Probes).BlockScale;
        Assert.Equal(1 / Math.Sqrt(40), scale[0], 1e-6);
        Assert.Equal(1 / Math.Sqrt(24 * 0.04), scale[1], 1e-6);
    }

    [Fact]
    public void Head_that_nobody_trains_still_lets_the_loss_depend_on_the_features()
    {
        var context = QuadraticFleet.Context(Switched(headFirst: false, headLast: false, blockScaling: false, headInTheta: false));
        Assert.Contains(new Trainer(context).Initial().Head, value => value != 0);
    }

    [Fact]
    public void Standardisation_does_not_magnify_the_rounding_of_the_sums()
    {
        var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options));
        var state = trainer.Initial();
        var plan = trainer.Plan(state)!;

        // Feature 0 is 1 ± 0.0001: its variance of 1e-8 is far below what sums in 16 bits can tell from zero.
        var vector = Learning.Estimation.PackedVector.Pack([1000, 0, 0, 1000 * (1 + 1e-8), 1000, 1000]);
        var sums = trainer.Reduce(state, plan, [new(new WorkOrder { Kind = plan.Kind, Round = 0, Slot = 0 }, new WorkResult { Examples = 1000, ForwardExamples = 1000, Vector = vector })]);
        var next = trainer.Step(state, plan, sums);
        Assert.InRange(next.FeatureScale[0], 1, 200);
        Assert.Equal(1, next.FeatureScale[1], 1e-3);
    }

    [Fact]
    public void Step_without_a_contribution_is_refused()
    {
        var trainer = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options));
        var state = trainer.Initial();
        var plan = trainer.Plan(state)!;
        Assert.Contains("no contribution", Assert.Throws<ArgumentException>(() => trainer.Step(state, plan, trainer.Reduce(state, plan, []))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reference_mode_lowers_the_loss_of_a_quadratic()
    {
        var states = Run(AlgorithmOptions.Reference with { CohortSize = 4, MaxRounds = 60, LearningRate = 0.05 });
        Assert.All(states, state => Assert.Equal(TrainingStage.Probes, state.Stage == TrainingStage.Done ? TrainingStage.Probes : state.Stage));
        Assert.True(QuadraticFleet.Loss(states[^1]) < 0.5 * QuadraticFleet.Loss(states[0]), $"{QuadraticFleet.Loss(states[^1])} against {QuadraticFleet.Loss(states[0])}");
        Assert.NotEqual(states[0].Head, states[^1].Head);
    }
}
