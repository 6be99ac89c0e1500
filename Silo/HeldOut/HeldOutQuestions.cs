using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.Silo;

/// <summary>
/// Questions: exact match and F1 of the best span over all windows of each (<see cref="SquadMetric"/>, <see cref="SpanSearch"/>), and the mean
/// loss of windows.
/// </summary>
public sealed class HeldOutQuestions : HeldOutSet
{
    private readonly HeldOutQuestion[] _questions;
    private readonly (int Question, QuestionWindow Window)[] _windows;

    /// <summary>Takes the questions.</summary>
    /// <exception cref="ArgumentException">There are none, or one has no answer or no window.</exception>
    public HeldOutQuestions(IEnumerable<HeldOutQuestion> questions)
    {
        _questions = [.. questions];
        if (_questions.Length == 0 || _questions.Any(question => question.Answers.Count == 0 || question.Windows.Count == 0))
            throw new ArgumentException("The held-out set has no question, or one without answers or windows; give at least one of each.", nameof(questions));
        _windows = [.. _questions.SelectMany((question, index) => question.Windows.Select(window => (index, window)))];
        Sequences = [.. _windows.Select(entry => entry.Window.Tokens)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TokenSequence> Sequences { get; }

    /// <inheritdoc/>
    public override HeldOutScore Begin(JobSpec spec, ModelSnapshot model) => new Score(this, new SoftmaxHead(2, model.FeatureMean, model.FeatureScale, model.Head));

    private sealed class Score(HeldOutQuestions set, SoftmaxHead head) : HeldOutScore
    {
        private readonly (string Text, double Score)[] _best = [.. set._questions.Select(_ => ("", double.NegativeInfinity))];
        private double _loss;

        public override void Add(int start, int count, float[] features)
        {
            var windows = set._windows.AsSpan(start, count).ToArray();
            var evaluation = new SpanEvaluation(
                head, features, [.. windows.Select(entry => entry.Window.Tokens.Length)],
                [.. windows.Select(entry => entry.Window.Find(set._questions[entry.Question].AnswerStart, set._questions[entry.Question].Answers[0].Length))]);
            _loss += evaluation.LossSum;
            var offset = 0;
            foreach (var (question, window) in windows)
            {
                var size = 2 * window.Tokens.Length;
                // The first window wins where two are equal.
                if (SpanSearch.Best(evaluation.Scores.AsSpan(offset, size), window.First, window.Last) is { } found && found.Score > _best[question].Score)
                    _best[question] = (window.Text(set._questions[question].Context, found.Span), found.Score);
                offset += size;
            }
        }

        public override EvaluationResult Result()
        {
            var count = set._questions.Length;
            var exact = set._questions.Select((question, x) => SquadMetric.ExactMatch(_best[x].Text, question.Answers)).Sum() / count;
            var f1 = set._questions.Select((question, x) => SquadMetric.F1(_best[x].Text, question.Answers)).Sum() / count;
            return new EvaluationResult(f1, _loss / set._windows.Length, count)
            {
                Metric = TaskKind.QuestionAnswering.Metric(),
                Metrics = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["exact_match"] = exact, ["f1"] = f1 },
            };
        }
    }
}
