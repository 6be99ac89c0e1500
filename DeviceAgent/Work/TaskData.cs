using FwdLLM.DeviceAgent.Data;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>One file read as the rows of a task. They become examples when job and tokenizer are known.</summary>
public abstract class TaskData
{
    /// <summary>What the rows are for.</summary>
    public abstract TaskKind Task { get; }

    /// <summary>The rows.</summary>
    public abstract IDataSet Rows { get; }

    /// <summary>What the rows have models read, for tests of a model.</summary>
    public abstract IEnumerable<string> Texts { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="DataException">It cannot be used.</exception>
    public static TaskData Read(TaskKind task, string path, DataReadOptions options) => task switch
    {
        TaskKind.QuestionAnswering => new QuestionData(DataReader.ReadQuestions(path, options)),
        TaskKind.CausalLanguageModel => new AnswerData(DataReader.ReadAnswers(path, options)),
        TaskKind.PromptClassification => new PromptData(DataReader.Read(path, options)),
        _ => new ClassificationData(DataReader.Read(path, options)),
    };

    /// <summary>What makes examples of the rows in a job.</summary>
    /// <param name="job">The job; of this task.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="folder">The compiled model's folder.</param>
    /// <exception cref="DataException">The rows do not fit the job.</exception>
    public abstract RowEncoder Prepare(JobSpec job, ITokenizer tokenizer, string folder);
}
