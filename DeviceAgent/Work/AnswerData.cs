using FwdLLM.DeviceAgent.Data;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>Prompts with answers, and conversations.</summary>
internal sealed class AnswerData(DataSet<AnswerRow> data) : TaskData
{
    public override TaskKind Task => TaskKind.CausalLanguageModel;

    public override IDataSet Rows => data;

    public override IEnumerable<string> Texts => data.Rows.Select(row => row.Prompt + row.Answer);

    public override RowEncoder Prepare(JobSpec job, ITokenizer tokenizer, string folder)
    {
        var template = data.Rows.Any(row => row.Messages.Count > 0) ? ChatTemplateFile.Load(folder) : null;
        return new Encoder(data, new AnswerEncoder(tokenizer, template, job.MaxTokens));
    }

    private sealed class Encoder(DataSet<AnswerRow> data, AnswerEncoder answers) : RowEncoder
    {
        private protected override IEnumerable<(TokenSequence Sequence, ExampleTarget Target)> Examples(int row)
        {
            var read = data.Rows[row];
            var (sequence, target) = read.Messages.Count > 0 ? answers.Encode(read.Messages) : answers.Encode(read.Prompt, read.Answer);
            return target.Tokens.Length > 0
                ? [(sequence, target)]
                : throw new DataException($"{data.Source}, line {read.Line}: the prompt leaves no token of the answer within the limit; raise --max-tokens or shorten the prompt.");
        }
    }
}
