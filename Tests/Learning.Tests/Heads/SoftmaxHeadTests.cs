using FwdLLM.Learning.Heads;

namespace FwdLLM.Learning.Tests.Heads;

public sealed class SoftmaxHeadTests
{
    private readonly HeadProblem _problem = new();

    [Fact]
    public void Logits_are_the_linear_layer_on_standardised_features()
    {
        var head = new SoftmaxHead(2, [1, 2], [0.5f, 4], [1, 2, 3, 4, 10, 20]);
        Assert.Equal([10 + 1 * 1 + 2 * 4, 20 + 3 * 1 + 4 * 4.0], head.Logits([3, 3]));
    }

    [Fact]
    public void Losses_residuals_and_predictions_of_known_logits()
    {
        double[] logits = [Math.Log(3), 0, 1000, -1000];
        Assert.Equal(Math.Log(4), SoftmaxLoss.Losses(logits, [1, 0], 2)[0], 1e-15);
        Assert.Equal(2000, SoftmaxLoss.Losses(logits, [1, 1], 2)[1], 1e-9);
        Assert.Equal([0.75, -0.75, 0, 0], SoftmaxLoss.Residuals(logits, [1, 0], 2).Select(r => Math.Round(r, 14)));
        Assert.Equal([0, 0], SoftmaxLoss.Predictions(logits, 2));
        Assert.Equal([0, 1], SoftmaxLoss.Predictions([5, 5, 1, 2], 2));
    }

    [Fact]
    public void Gradient_equals_differences_of_the_loss()
    {
        var head = _problem.Normal(5, HeadProblem.Dimension);
        var model = _problem.Head(head);
        var gradient = model.Gradient(_problem.X, SoftmaxLoss.Residuals(model.Logits(_problem.X), _problem.Labels, HeadProblem.Classes));
        for (var i = 0; i < head.Length; i++)
        {
            var (up, down) = ((float[])head.Clone(), (float[])head.Clone());
            up[i] += 1f / 1024;
            down[i] -= 1f / 1024;
            var slope = (_problem.MeanLoss(_problem.X, up) - _problem.MeanLoss(_problem.X, down)) / ((double)up[i] - down[i]);
            Assert.Equal(slope * HeadProblem.Examples, gradient[i], 1e-3);
        }
    }

    [Fact]
    public void DirectionalDerivative_through_tangents_equals_the_cotangents_and_differences()
    {
        var model = _problem.Head(_problem.Normal(5, HeadProblem.Dimension));
        var tangents = _problem.Normal(6, _problem.X.Length);
        var residuals = SoftmaxLoss.Residuals(model.Logits(_problem.X), _problem.Labels, HeadProblem.Classes);
        var forward = SoftmaxLoss.DirectionalDerivative(residuals, model.LogitTangents(tangents), HeadProblem.Classes);
        var backward = model.FeatureCotangents(residuals).Select((c, i) => (double)c * tangents[i]).Sum();
        Assert.Equal(forward, backward, 1e-6);

        float[] up = [.. _problem.X.Select((x, i) => x + tangents[i] / 1024)], down = [.. _problem.X.Select((x, i) => x - tangents[i] / 1024)];
        var slope = (_problem.MeanLoss(up, _problem.Normal(5, HeadProblem.Dimension)) - _problem.MeanLoss(down, _problem.Normal(5, HeadProblem.Dimension))) * 512;
        Assert.Equal(slope, forward, 1e-4);
    }

    [Fact]
    public void GaussNewton_equals_the_second_difference_of_the_loss_in_logit_space()
    {
        var logits = _problem.Normal(7, HeadProblem.Examples * HeadProblem.Classes).Select(x => (double)x).ToArray();
        var tangents = _problem.Normal(8, logits.Length).Select(x => (double)x).ToArray();
        const double H = 1e-3;
        var second = (Loss(H) + Loss(-H) - 2 * Loss(0)) / (H * H);
        Assert.Equal(second, SoftmaxLoss.GaussNewton(SoftmaxLoss.Probabilities(logits, HeadProblem.Classes), tangents, HeadProblem.Classes), 1e-5);

        double Loss(double t) => SoftmaxLoss.Losses(logits.Select((x, i) => x + t * tangents[i]).ToArray(), _problem.Labels, HeadProblem.Classes).Average();
    }

    [Fact]
    public void CentredResiduals_have_mean_zero_and_the_unbiased_factor()
    {
        var centred = SoftmaxLoss.CentredResiduals([1, -1, 3, -3, 5, -5], 3, 2);
        Assert.Equal([-3, 3, 0, 0, 3, -3], centred);
        Assert.Throws<ArgumentException>(() => SoftmaxLoss.CentredResiduals([1, -1], 1, 2));
    }

    [Fact]
    public void Labels_and_sizes_that_do_not_fit_are_refused()
    {
        Assert.Contains("label is 3", Assert.Throws<ArgumentException>(() => SoftmaxLoss.Losses([1, 2, 3], [3], 3)).Message, StringComparison.Ordinal);
        Assert.Contains("take 6", Assert.Throws<ArgumentException>(() => new SoftmaxHead(2, [0, 0], [1, 1], new float[5])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _problem.Head(new float[HeadProblem.Dimension]).Logits(new float[HeadProblem.Features + 1]));
    }
}
