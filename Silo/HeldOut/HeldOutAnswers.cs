using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.Silo;

/// <summary>
/// Prompts with answers: the fraction of answers whose every token is the most likely one given the right tokens before it, the same for single
/// tokens, the mean log-likelihood of an answer token, and perplexity.
/// </summary>
public sealed class HeldOutAnswers : HeldOutSet
{
    private readonly AnswerTarget[] _targets;
    private readonly VocabularyHead _output;

    /// <summary>Takes the texts.</summary>
    /// <exception cref="ArgumentException">No texts, or not one target per text.</exception>
    public HeldOutAnswers(IReadOnlyList<TokenSequence> texts, IReadOnlyList<AnswerTarget> targets, VocabularyHead output)
    {
        if (texts.Count == 0 || texts.Count != targets.Count)
            throw new ArgumentException($"The held-out set has {texts.Count} texts and {targets.Count} answers; give at least one text and one answer for each.");
        (Sequences, _targets, _output) = ([.. texts], [.. targets], output);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TokenSequence> Sequences { get; }

    /// <inheritdoc/>
    public override HeldOutScore Begin(JobSpec spec, ModelSnapshot model) => new Score(this);

    private sealed class Score(HeldOutAnswers set) : HeldOutScore
    {
        private int _correct;
        private long _tokens;
        private long _tokensRight;
        private double _loss;
        private double _tokenLoss;

        public override void Add(int start, int count, float[] features)
        {
            var evaluation = new AnswerEvaluation(set._output, features, [.. set.Sequences.Skip(start).Take(count).Select(sequence => sequence.Length)], set._targets[start..(start + count)]);
            _correct += evaluation.Correct;
            _tokens += evaluation.Tokens;
            _tokensRight += evaluation.TokensRight;
            _loss += evaluation.LossSum;
            _tokenLoss += evaluation.TokenLossSum;
        }

        public override EvaluationResult Result()
        {
            var count = set._targets.Length;
            var match = (double)_correct / count;
            return new EvaluationResult(match, _loss / count, count)
            {
                Metric = TaskKind.CausalLanguageModel.Metric(),
                Metrics = new SortedDictionary<string, double>(StringComparer.Ordinal)
                {
                    ["answer_log_likelihood"] = -_tokenLoss / _tokens,
                    ["answer_match"] = match,
                    ["perplexity"] = Math.Exp(_tokenLoss / _tokens),
                    ["token_match"] = (double)_tokensRight / _tokens,
                },
            };
        }
    }
}
