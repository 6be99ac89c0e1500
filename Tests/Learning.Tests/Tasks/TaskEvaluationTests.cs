using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.Learning.Tests.Tasks;

/// <summary>Losses against their definition, and every derivative against differences of the loss, in double.</summary>
public sealed class TaskEvaluationTests
{
    private const int H = 11, V = 70;
    private static readonly int[] Lengths = [5, 1, 8];

    private static readonly float[] Features = Draw(14 * H, 1);
    private static readonly float[] Head = Draw((2 * H) + 2, 2);
    private static readonly float[] Mean = Draw(H, 3);
    private static readonly float[] Scale = [.. Draw(H, 4).Select(value => 1.5f + value)];
    private static readonly float[] Output = Draw(V * H, 5);

    public static TheoryData<string> Kinds => ["span", "answer"];

    [Fact]
    public void Loss_of_a_span_is_the_mean_of_two_cross_entropies_over_the_tokens_of_its_window()
    {
        var span = (SpanEvaluation)Evaluate("span", Features, Head);
        var expected = 0.0;
        var first = 0;
        for (var x = 0; x < Lengths.Length; x++)
        {
            var rows = Enumerable.Range(first, Lengths[x]).ToArray();
            double Entropy(int side, int token) => Math.Log(rows.Sum(row => Math.Exp(span.Scores[(2 * row) + side]))) - span.Scores[(2 * (first + token)) + side];
            expected += (Entropy(0, Spans[x].Start) + Entropy(1, Spans[x].End)) / 2;
            first += Lengths[x];
        }

        Assert.Equal(expected, span.LossSum, 1e-12);
        Assert.Equal(3, span.Count);
        // A window of one token cannot be wrong.
        Assert.InRange(span.Correct, 1, 3);
    }

    [Fact]
    public void Loss_of_answers_is_the_mean_cross_entropy_of_their_tokens()
    {
        var answers = (AnswerEvaluation)Evaluate("answer", Features, Head);
        var (sum, tokens, right, first) = (0.0, 0, 0, 0);
        for (var x = 0; x < Lengths.Length; x++)
        {
            var losses = Answers[x].Rows.Zip(Answers[x].Tokens, (row, token) =>
            {
                var scores = Enumerable.Range(0, V).Select(v => Enumerable.Range(0, H).Sum(h => (double)Output[(v * H) + h] * Features[((first + row) * H) + h])).ToArray();
                right += scores.All(score => score <= scores[token]) ? 1 : 0;
                return Math.Log(scores.Sum(Math.Exp)) - scores[token];
            }).ToArray();
            sum += losses.Average();
            tokens += losses.Length;
            first += Lengths[x];
        }

        Assert.Equal(sum, answers.LossSum, 1e-5);
        Assert.Equal((tokens, right), (answers.Tokens, answers.TokensRight));
        Assert.Empty(answers.HeadGradient());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Slope_and_cotangents_are_the_differences_of_the_mean_loss(string kind)
    {
        var tangents = Draw(Features.Length, 6);
        var evaluation = Evaluate(kind, Features, Head);
        const double Step = 1e-2;
        double At(double step) => Objective(kind, [.. Features.Zip(tangents, (value, tangent) => (float)(value + (step * tangent)))], Head);
        var slope = evaluation.Slope(tangents);
        Assert.Equal((At(Step) - At(-Step)) / (2 * Step), slope, 2e-4);
        Assert.Equal(slope, evaluation.Cotangents().Zip(tangents, (c, t) => (double)c * t).Sum(), 1e-6);
        Assert.NotInRange(slope, -1e-3, 1e-3);
    }

    [Fact]
    public void Head_gradient_of_spans_is_the_difference_of_the_summed_loss()
    {
        var gradient = Evaluate("span", Features, Head).HeadGradient();
        const float Step = 1e-2f;
        for (var i = 0; i < Head.Length; i++)
        {
            double At(float step) => Objective("span", Features, [.. Head.Select((value, j) => j == i ? value + step : value)]);
            Assert.Equal(3 * (At(Step) - At(-Step)) / (2 * Step), gradient[i], 1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Mean_of_drawn_curvatures_is_the_gauss_newton_form(string kind)
    {
        const int Draws = 4000;
        var tangents = Draw(Features.Length, 7);
        var evaluation = Evaluate(kind, Features, Head);
        var random = new CounterRandom(StreamKey.FromSeed(3, "test"), new DirectionAddress(0, 0, 0));
        var drawn = Enumerable.Range(0, Draws).Select(_ => evaluation.Curvatures(tangents, 1, random)[0]).ToArray();
        var deviation = Math.Sqrt(drawn.Sum(value => (value - drawn.Average()) * (value - drawn.Average())) / Draws / Draws);
        // The scores are linear in the features, so that the loss's second derivative is the Gauss–Newton form.
        const double Step = 3e-2;
        double At(double step) => Objective(kind, [.. Features.Zip(tangents, (value, tangent) => (float)(value + (step * tangent)))], Head);
        var form = (At(Step) - (2 * At(0)) + At(-Step)) / (Step * Step);
        Assert.InRange(drawn.Average(), form - (4 * deviation) - 2e-3, form + (4 * deviation) + 2e-3);
        Assert.True(deviation < 0.05 * form, $"{deviation} of {form} is too much to tell");
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        var head = new SoftmaxHead(2, Mean, Scale, Head);
        string Span(SpanTarget target) => Assert.Throws<ArgumentException>(() => new SpanEvaluation(head, new float[3 * H], [3], [target])).Message;
        Assert.Contains("from token 1 to 3 of 3", Span(new(1, 3)), StringComparison.Ordinal);
        Assert.Contains("from token 2 to 1 of 3", Span(new(2, 1)), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new SpanEvaluation(head, new float[4 * H], [3], [new(0, 0)]));
        string Answer(AnswerTarget target) => Assert.Throws<ArgumentException>(() => new AnswerEvaluation(new VocabularyHead(Output, H), new float[3 * H], [3], [target])).Message;
        Assert.Contains("0 answer tokens", Answer(new([], [])), StringComparison.Ordinal);
        Assert.Contains("after place 3", Answer(new([3], [1])), StringComparison.Ordinal);
        Assert.Contains($"token {V}", Answer(new([0], [V])), StringComparison.Ordinal);
        Assert.Contains("not at least 2 rows", Assert.Throws<ArgumentException>(() => new VocabularyHead(new float[H], H)).Message, StringComparison.Ordinal);
    }

    private static SpanTarget[] Spans => [new(1, 3), new(0, 0), new(6, 6)];

    private static AnswerTarget[] Answers => [new([1, 2, 3], [7, 0, V - 1]), new([0], [64]), new([6], [3])];

    private static double Objective(string kind, float[] features, float[] head)
    {
        var evaluation = Evaluate(kind, features, head);
        return evaluation.Objective(evaluation);
    }

    private static TaskEvaluation Evaluate(string kind, float[] features, float[] head) => kind == "span"
        ? new SpanEvaluation(new SoftmaxHead(2, Mean, Scale, head), features, Lengths, Spans)
        : new AnswerEvaluation(new VocabularyHead(Output, H), features, Lengths, Answers);

    private static float[] Draw(int count, int seed)
    {
        var random = new System.Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }
}
