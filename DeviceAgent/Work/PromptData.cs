using FwdLLM.DeviceAgent.Data;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>Texts with labels, put into the job's prompt.</summary>
internal sealed class PromptData(DataSet<LabelledText> data) : TaskData
{
    public override TaskKind Task => TaskKind.PromptClassification;

    public override IDataSet Rows => data;

    public override IEnumerable<string> Texts => data.Rows.Select(row => row.Text);

    public override RowEncoder Prepare(JobSpec job, ITokenizer tokenizer, string folder)
    {
        var prompt = new PromptTemplate(job.Task.PromptTemplate, tokenizer);
        return new ClassificationData.Encoder(data, new LabelIndex(job.Labels).Encode(data), text => prompt.Encode(text, job.MaxTokens));
    }
}
