using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
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

    [Fact]
    public async Task Best_span_over_all_windows_of_a_question_answers_it()
    {
        // Start and end scores are both the token's number. The question's own token 90 is no answer, nor is what spans two windows.
        const string Context = "aa bb cc";
        (int, int)[] first = [(0, 0), (0, 2), (0, 2), (3, 5)], second = [(0, 0), (0, 2), (3, 5), (6, 8)];
        QuestionWindow Window((int, int)[] offsets, params int[] ids) => new(new TokenSequence(ids), offsets, 2, 3);
        var set = new HeldOutQuestions(
        [
            new(Context, ["bb", "cc"], 3, [Window(first, 0, 90, 1, 3), Window(second, 0, 90, 2, 1)]),
            new(Context, ["bb"], 3, [Window(second, 0, 90, 4, 4)]),
        ]);
        var snapshot = new ModelSnapshot { Version = 1, Theta = [0], Head = [1, 0, 1, 0, 0, 0], FeatureMean = [0, 0], FeatureScale = [1, 1], BlockScale = [1] };

        var result = await new HeldOutEvaluator(new TokenRuntime(), set).EvaluateAsync(Job, snapshot.ToBytes(), TestContext.Current.CancellationToken);

        // "bb" is right; of equal spans the first, "bb", answers the second question.
        Assert.Equal(("f1", 1.0, 2), (result.Metric, result.Accuracy, result.Examples));
        Assert.Equal(1, result.Metrics["exact_match"]);
        static double Entropy(int right, params int[] scores) => Math.Log(scores.Sum(score => Math.Exp(score))) - right;
        Assert.Equal((Entropy(3, 0, 90, 1, 3) + Entropy(2, 0, 90, 2, 1) + Entropy(4, 0, 90, 4, 4)) / 3, result.Loss, 1e-9);
        Assert.Throws<ArgumentException>(() => new HeldOutQuestions([new(Context, [], 0, [])]));
    }

    [Fact]
    public async Task Answers_are_judged_by_the_most_likely_token_after_the_right_ones()
    {
        // Features are (token, 1), scores 0 and token − 1 for the tokens 0 and 1: after 0 comes 0, after 2 comes 1.
        var output = new VocabularyHead([0, 0, 1, -1], 2);
        var set = new HeldOutAnswers([new TokenSequence([0, 2, 2]), new TokenSequence([2, 0])], [new([0, 1], [0, 1]), new([0, 1], [1, 1])], output);

        var result = await new HeldOutEvaluator(new TokenRuntime(), set).EvaluateAsync(Job, Snapshot.ToBytes(), TestContext.Current.CancellationToken);

        var (likely, unlikely) = (Math.Log(1 + Math.Exp(-1)), 1 + Math.Log(1 + Math.Exp(-1)));
        Assert.Equal(("answer_match", 0.5, 2), (result.Metric, result.Accuracy, result.Examples));
        Assert.Equal(0.75, result.Metrics["token_match"]);
        Assert.Equal(-((3 * likely) + unlikely) / 4, result.Metrics["answer_log_likelihood"], 1e-6);
        Assert.Equal(Math.Exp(((3 * likely) + unlikely) / 4), result.Metrics["perplexity"], 1e-6);
    }

    private static ModelSnapshot Snapshot => new() { Version = 1, Theta = [0], Head = [], FeatureMean = [0, 0], FeatureScale = [1, 1], BlockScale = [1] };

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
            [.. batch.SelectMany(text => text.Ids).SelectMany(id => new float[] { id, 1 })];

        public FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation) =>
            throw new InvalidOperationException("an evaluation needs no tangents");

        public float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation) =>
            throw new InvalidOperationException("an evaluation needs no gradients");

        public void Dispose()
        {
        }
    }
}
