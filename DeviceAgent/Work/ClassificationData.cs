using FwdLLM.DeviceAgent.Data;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>Texts with labels.</summary>
internal sealed class ClassificationData(DataSet<LabelledText> data) : TaskData
{
    public override TaskKind Task => TaskKind.Classification;

    public override IDataSet Rows => data;

    public override IEnumerable<string> Texts => data.Rows.Select(row => row.Text);

    public override RowEncoder Prepare(JobSpec job, ITokenizer tokenizer, string folder) =>
        new Encoder(data, new LabelIndex(job.Labels).Encode(data), text => tokenizer.Encode(text, job.MaxTokens));

    /// <summary>Encodes the text in whatever way, and gives its class.</summary>
    internal sealed class Encoder(DataSet<LabelledText> data, int[] classes, Func<string, int[]> encode) : RowEncoder
    {
        private protected override IEnumerable<(TokenSequence Sequence, ExampleTarget Target)> Examples(int row) =>
            [(new TokenSequence(encode(data.Rows[row].Text)), new ClassTarget(classes[row]))];
    }
}
