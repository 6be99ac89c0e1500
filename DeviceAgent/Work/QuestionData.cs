using FwdLLM.DeviceAgent.Data;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>Questions with contexts; an example is a window.</summary>
public sealed class QuestionData(DataSet<QuestionRow> data) : TaskData
{
    /// <inheritdoc/>
    public override TaskKind Task => TaskKind.QuestionAnswering;

    /// <inheritdoc/>
    public override IDataSet Rows => data;

    /// <inheritdoc/>
    public override IEnumerable<string> Texts => data.Rows.Select(row => row.Context);

    /// <summary>The questions.</summary>
    public IReadOnlyList<QuestionRow> Questions => data.Rows;

    /// <inheritdoc/>
    public override RowEncoder Prepare(JobSpec job, ITokenizer tokenizer, string folder) => new Encoder(this, tokenizer, job.MaxTokens, job.Task.Stride);

    /// <summary>Windows of one row after the other.</summary>
    /// <exception cref="DataException">A question is too long; the message names its line.</exception>
    public IEnumerable<IReadOnlyList<QuestionWindow>> Windows(ITokenizer tokenizer, int maxTokens, int stride)
    {
        var windows = new QuestionWindows(tokenizer, maxTokens, stride);
        return data.Rows.Select(row => Cut(windows, row));
    }

    private IReadOnlyList<QuestionWindow> Cut(QuestionWindows windows, QuestionRow row)
    {
        try
        {
            return windows.Cut(row.Question, row.Context);
        }
        catch (ArgumentException e)
        {
            throw new DataException($"{data.Source}, line {row.Line}: {e.Message}", e);
        }
    }

    private sealed class Encoder(QuestionData questions, ITokenizer tokenizer, int maxTokens, int stride) : RowEncoder
    {
        private readonly QuestionWindows _windows = new(tokenizer, maxTokens, stride);

        private protected override IEnumerable<(TokenSequence Sequence, ExampleTarget Target)> Examples(int row)
        {
            var question = questions.Questions[row];
            var answer = question.Answers[0];
            foreach (var window in questions.Cut(_windows, question))
                yield return (window.Tokens, window.Find(answer.Start, answer.Text.Length));
        }
    }
}
