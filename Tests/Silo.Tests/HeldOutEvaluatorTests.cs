using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Training;

namespace FwdLLM.Silo.Tests;

public sealed class HeldOutEvaluatorTests
{
    [Fact]
    public async Task Accuracy_and_loss_are_those_of_the_head_on_the_features_over_all_blocks()
    {
        // Features are (token, 1); the head's logit for class 1 is ln 3 · token, so P(1 | token 1) = 3/4 and P(1 | token 0) = 1/2, class 0 winning the tie.
        var texts = Enumerable.Range(0, 400).Select(x => new TokenSequence([x % 2])).ToArray();
        var labels = Enumerable.Range(0, 400).Select(x => x % 4 == 3 ? 0 : x % 2).ToArray();
        var snapshot = new ModelSnapshot
        {
            Version = 1,
            Theta = [0],
            Head = [0, 0, MathF.Log(3), 0, 0, 0],
            FeatureMean = [0, 0],
            FeatureScale = [1, 1],
            BlockScale = [1],
        };

        var (accuracy, loss, examples) = await new HeldOutEvaluator(new TokenRuntime(), texts, labels).EvaluateAsync(Job, snapshot.ToBytes(), TestContext.Current.CancellationToken);

        Assert.Equal((0.75, 400), (accuracy, examples));
        Assert.Equal((0.5 * Math.Log(2)) + (0.25 * Math.Log(4.0 / 3)) + (0.25 * Math.Log(4)), loss, precision: 6);
    }

    [Fact]
    public void Labels_that_do_not_match_the_texts_are_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => new HeldOutEvaluator(new TokenRuntime(), [new TokenSequence([1])], [0, 1]));

        Assert.Contains("1 texts and 2 labels", error.Message, StringComparison.Ordinal);
    }

    private static JobSpec Job => new()
    {
        Id = "job",
        Model = new ModelReference { ManifestSha256 = new string('0', 64), FeatureSize = 2, Blocks = [] },
        Labels = ["no", "yes"],
        Algorithm = "{}",
        Cohort = new CohortSpec { ExpectedDevices = 1 },
    };

    private sealed class TokenRuntime : IModelRuntime
    {
        public int Dimension => 1;

        public int FeatureSize => 2;

        public float[] Features(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, CancellationToken cancellation) =>
            [.. batch.SelectMany(text => new float[] { text.Ids[0], 1 })];

        public FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation) =>
            throw new InvalidOperationException("an evaluation needs no tangents");

        public float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation) =>
            throw new InvalidOperationException("an evaluation needs no gradients");

        public void Dispose()
        {
        }
    }
}
