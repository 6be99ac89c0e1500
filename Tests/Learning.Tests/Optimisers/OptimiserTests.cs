using FwdLLM.Learning.Optimisers;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Optimisers;

public sealed class OptimiserTests
{
    [Fact]
    public void Adam_follows_a_sequence_computed_by_hand()
    {
        // Gradients 1, -2, 0.5; second step: m = -0.11, v = 0.004999, m^ = -0.11/0.19, v^ = 0.004999/0.001999.
        double[] gradients = [1, -2, 0.5];
        double[] expected = [-0.099999999, 0.03661035247207486, 0.013669066201746643];
        var state = AdamState.Start(1);
        for (var t = 0; t < gradients.Length; t++)
        {
            (var delta, state) = Adam.Step(state, [gradients[t]], new AdamOptions(0.1));
            Assert.Equal(expected[t], delta[0], 1e-14);
        }

        Assert.Equal(3, state.Steps);
    }

    [Fact]
    public void Adam_does_not_write_into_the_state_it_is_given()
    {
        var state = new AdamState(4, [0.5], [0.25]);
        _ = Adam.Step(state, [1], new AdamOptions(0.1));
        Assert.Equal((4, 0.5, 0.25), (state.Steps, state.FirstMoment[0], state.SecondMoment[0]));
    }

    [Theory]
    [InlineData(1e-200)]
    [InlineData(1)]
    [InlineData(1e200)]
    public void NormalisedStep_has_the_prescribed_length_at_every_scale(double scale)
    {
        var (delta, momentum) = NormalisedStep.Step([], [3 * scale, -4 * scale], 0.5);
        Assert.Equal(-0.3, delta[0], 1e-15);
        Assert.Equal(0.4, delta[1], 1e-15);
        Assert.Equal([3 * scale, -4 * scale], momentum);
    }

    [Fact]
    public void NormalisedStep_averages_with_momentum()
    {
        var (delta, momentum) = NormalisedStep.Step([1, 0], [0, 1], 2, 0.75);
        Assert.Equal([0.75, 0.25], momentum);
        Assert.Equal(-2 * 0.75 / Math.Sqrt(0.625), delta[0], 1e-15);
    }

    [Fact]
    public void NormalisedStep_of_a_zero_estimate_stays() =>
        Assert.Equal([0.0, 0.0], NormalisedStep.Step([], [0, 0], 1).Delta);

    [Fact]
    public void TrustRatioLength_follows_the_norm_but_not_below_its_least()
    {
        Assert.Equal(0.5, NormalisedStep.TrustRatioLength([3, 4], 0.1, 1), 1e-15);
        Assert.Equal(0.1, NormalisedStep.TrustRatioLength([0, 0], 0.1, 1), 1e-15);
    }

    [Fact]
    public void Sgd_steps_against_the_gradient() =>
        Assert.Equal([-0.5, 1.0], Sgd.Step([1, -2], 0.5));

    [Theory]
    [InlineData(StepSchedule.Constant, 0.7, 1)]
    [InlineData(StepSchedule.Cosine, 0, 1)]
    [InlineData(StepSchedule.Cosine, 0.5, 0.5)]
    [InlineData(StepSchedule.Cosine, 1, 0)]
    [InlineData(StepSchedule.Linear, 0.25, 0.75)]
    [InlineData(StepSchedule.Linear, 3, 0)]
    [InlineData(StepSchedule.Linear, -1, 1)]
    public void StepScheduleFactor_at_a_progress(StepSchedule schedule, double progress, double expected) =>
        Assert.Equal(expected, StepScheduleFactor.At(schedule, progress), 1e-15);
}
