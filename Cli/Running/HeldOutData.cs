using FwdLLM.DeviceAgent.Work;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;
using FwdLLM.Silo;

namespace FwdLLM.Cli.Running;

/// <summary>Makes a held-out set of a file's rows.</summary>
internal static class HeldOutData
{
    /// <summary>The set of a job's task.</summary>
    public static HeldOutSet Create(TaskData data, JobSpec job, CompiledModel model)
    {
        var tokenizer = Tokenizers.Load(model.Folder);
        if (data is QuestionData questions)
            return new HeldOutQuestions(questions.Questions.Zip(questions.Windows(tokenizer, job.MaxTokens, job.Task.Stride)).Select(pair =>
                new HeldOutQuestion(pair.First.Context, [.. pair.First.Answers.Select(answer => answer.Text)], pair.First.Answers[0].Start, pair.Second)));
        var examples = data.Prepare(job, tokenizer, model.Folder).Encode(Enumerable.Range(0, data.Rows.Rows.Count));
        return data.Task == TaskKind.CausalLanguageModel
            ? new HeldOutAnswers(examples.Sequences, [.. examples.Targets.Cast<AnswerTarget>()], OutputLayer.Read(model))
            : new HeldOutTexts(examples.Sequences, [.. examples.Targets.Cast<ClassTarget>().Select(target => target.Class)]);
    }
}
