using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tasks;

/// <summary>
/// A causal language model on a batch of texts of which some tokens are answers: an example's loss is the mean cross-entropy of its answer
/// tokens, each predicted from the row before it by the model's own output layer, which is not trained.
/// </summary>
public sealed class AnswerEvaluation : TaskEvaluation
{
    // Scores of so many tokens are held at a time: V of them can be a hundred thousand.
    private const int BlockRows = 32;

    private readonly VocabularyHead _output;
    private readonly float[] _features; // [rows, H]
    private readonly int[] _lengths;
    private readonly AnswerTarget[] _targets;
    private readonly (int Row, int Token, int Example)[] _predictions;
    private double[]? _cotangents; // [rows, H] of the mean loss
    private double _lossSum;

    /// <summary>Evaluates.</summary>
    /// <param name="output">Output layer.</param>
    /// <param name="features">[Σ lengths, H].</param>
    /// <param name="lengths">Tokens of each text [n].</param>
    /// <param name="targets">Answers [n].</param>
    /// <exception cref="ArgumentException">Sizes that do not fit together, a text without an answer, or a row or token out of range.</exception>
    public AnswerEvaluation(VocabularyHead output, float[] features, IReadOnlyList<int> lengths, IReadOnlyList<AnswerTarget> targets)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(features);
        if (lengths.Count != targets.Count) throw new ArgumentException($"{targets.Count} answers for {lengths.Count} texts; give one for each.", nameof(targets));
        SoftmaxLoss.RequireRows(features.Length, lengths.Sum(), output.Features, nameof(features));
        (_output, _features, _lengths, _targets) = (output, features, [.. lengths], [.. targets]);
        _predictions = [.. Predictions()];
        var wrong = new bool[_targets.Length];
        Pass((prediction, scores) =>
        {
            var loss = LogSumExp(scores) - scores[prediction.Token];
            TokenLossSum += loss;
            _lossSum += loss / _targets[prediction.Example].Tokens.Length;
            if (Highest(scores) == prediction.Token) TokensRight++;
            else wrong[prediction.Example] = true;
        });
        Correct = wrong.Count(example => !example);
    }

    /// <inheritdoc/>
    public override int Count => _targets.Length;

    /// <inheritdoc/>
    public override double LossSum => _lossSum;

    /// <summary>Examples whose every answer token is the most likely one, given the right tokens before it.</summary>
    public override int Correct { get; }

    /// <summary>Sum of the answer tokens' losses.</summary>
    public double TokenLossSum { get; private set; }

    /// <summary>Answer tokens.</summary>
    public int Tokens => _predictions.Length;

    /// <summary>Answer tokens that are the most likely ones.</summary>
    public int TokensRight { get; private set; }

    /// <inheritdoc/>
    public override double Slope(ReadOnlySpan<float> tangents) => Dot(_cotangents ??= Gradients(example => 1.0 / _targets[example].Tokens.Length / Count, null), tangents);

    /// <inheritdoc/>
    public override float[] Cotangents() => Array.ConvertAll(_cotangents ??= Gradients(example => 1.0 / _targets[example].Tokens.Length / Count, null), value => (float)value);

    /// <inheritdoc/>
    public override double[] HeadGradient() => [];

    /// <inheritdoc/>
    /// <remarks>The draws of an example's A tokens are independent with E r̂ = 0, so the square of Σ √(1/A)·⟨r̂, Jv⟩ has the expectation (1/A) Σ vᵀGv.</remarks>
    public override double[] Curvatures(ReadOnlySpan<float> tangents, int count, CounterRandom random) =>
        MeanSquares(Gradients(example => Math.Sqrt(1.0 / _targets[example].Tokens.Length), random), _lengths, _output.Features, tangents, count);

    private IEnumerable<(int Row, int Token, int Example)> Predictions()
    {
        var first = 0;
        for (var x = 0; x < _targets.Length; x++)
        {
            var (rows, tokens) = (_targets[x].Rows, _targets[x].Tokens);
            if (rows.Length == 0 || rows.Length != tokens.Length) throw new ArgumentException($"A text has {tokens.Length} answer tokens at {rows.Length} places; give at least one, and a place for each.");
            for (var i = 0; i < rows.Length; i++)
            {
                if ((uint)rows[i] >= (uint)_lengths[x] || (uint)tokens[i] >= (uint)_output.Tokens)
                    throw new ArgumentException($"An answer has token {tokens[i]} after place {rows[i]}; the text has places 0 to {_lengths[x] - 1} and the output layer tokens 0 to {_output.Tokens - 1}.");
                yield return (first + rows[i], tokens[i], x);
            }

            first += _lengths[x];
        }
    }

    /// <summary>Σ weight·Wᵀ(p − onehot) in every row that predicts [rows, H]; the token is the answer's, or one drawn from p.</summary>
    private double[] Gradients(Func<int, double> weight, CounterRandom? random)
    {
        var gradients = new double[_features.Length];
        var width = _output.Features;
        Blocks((predictions, scores) =>
        {
            for (var i = 0; i < predictions.Length; i++)
            {
                var row = scores.Span.Slice(i * _output.Tokens, _output.Tokens);
                var logSum = LogSumExp(row);
                foreach (ref var score in row) score = (float)Math.Exp(score - logSum);
                row[random is null ? predictions.Span[i].Token : Draw(row, random)] -= 1;
            }

            var block = new double[predictions.Length * width];
            _output.Transposed(scores.Span, block);
            for (var i = 0; i < predictions.Length; i++)
                for (var h = 0; h < width; h++)
                    gradients[(predictions.Span[i].Row * width) + h] += weight(predictions.Span[i].Example) * block[(i * width) + h];
        });
        return gradients;
    }

    private void Pass(Visit visit) => Blocks((predictions, scores) =>
    {
        for (var i = 0; i < predictions.Length; i++) visit(predictions.Span[i], scores.Span.Slice(i * _output.Tokens, _output.Tokens));
    });

    private void Blocks(Action<ReadOnlyMemory<(int Row, int Token, int Example)>, Memory<float>> visit)
    {
        var width = _output.Features;
        var size = Math.Min(BlockRows, _predictions.Length);
        var (rows, scores) = (new float[size * width], new float[size * _output.Tokens]);
        for (var first = 0; first < _predictions.Length; first += BlockRows)
        {
            var block = _predictions.AsMemory(first, Math.Min(BlockRows, _predictions.Length - first));
            for (var i = 0; i < block.Length; i++) _features.AsSpan(block.Span[i].Row * width, width).CopyTo(rows.AsSpan(i * width));
            _output.Scores(rows.AsSpan(0, block.Length * width), scores.AsSpan(0, block.Length * _output.Tokens));
            visit(block, scores.AsMemory(0, block.Length * _output.Tokens));
        }
    }

    private static int Draw(ReadOnlySpan<float> probabilities, CounterRandom random)
    {
        var left = random.NextDouble();
        for (var token = 0; token < probabilities.Length - 1; token++)
            if ((left -= probabilities[token]) < 0)
                return token;
        return probabilities.Length - 1;
    }

    private static int Highest(ReadOnlySpan<float> scores)
    {
        var best = 0;
        for (var token = 1; token < scores.Length; token++)
            if (scores[token] > scores[best])
                best = token;
        return best;
    }

    private static double LogSumExp(ReadOnlySpan<float> scores)
    {
        var largest = double.NegativeInfinity;
        foreach (var score in scores) largest = Math.Max(largest, score);
        var sum = 0.0;
        foreach (var score in scores) sum += Math.Exp(score - largest);
        return largest + Math.Log(sum);
    }

    private delegate void Visit((int Row, int Token, int Example) prediction, ReadOnlySpan<float> scores);
}
