using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tasks;

/// <summary>What follows from a task alone.</summary>
public static class TaskKinds
{
    /// <summary>Features are one row per token rather than one per example.</summary>
    public static bool HasTokenRows(this TaskKind task) => task is TaskKind.QuestionAnswering or TaskKind.CausalLanguageModel;

    /// <summary>Rows have labels, one of the job's classes.</summary>
    public static bool HasLabels(this TaskKind task) => task is TaskKind.Classification or TaskKind.PromptClassification;

    /// <summary>Outputs of the trained head for so many labels: one each, start and end, or none where the head is not trained.</summary>
    public static int Outputs(this TaskKind task, int labels) => task switch
    {
        TaskKind.QuestionAnswering => 2,
        TaskKind.CausalLanguageModel => 0,
        _ => labels,
    };

    /// <summary>Name of the held-out figure that stands for the task; see the evaluations of each.</summary>
    public static string Metric(this TaskKind task) => task switch
    {
        TaskKind.QuestionAnswering => "f1",
        TaskKind.CausalLanguageModel => "answer_match",
        _ => "accuracy",
    };

    /// <summary>The recipe without the parts that the task does not have, or by default not use.</summary>
    public static AlgorithmOptions Suit(this TaskKind task, AlgorithmOptions options) => task switch
    {
        // The classes of the softmax are the places of a window there, not the head's two outputs: the default ridge would be a class's of two.
        TaskKind.QuestionAnswering => options with { CentredResiduals = false, ImportanceSampling = false, HeadRidge = Math.Min(options.HeadRidge, 0.006) },
        TaskKind.CausalLanguageModel => options with { CentredResiduals = false, ImportanceSampling = false, HeadFirst = false, HeadLast = false, HeadInTheta = false },
        TaskKind.PromptClassification => options with { ImportanceSampling = false, HeadFirst = false, HeadLast = false, HeadInTheta = false },
        _ => options,
    };

    /// <summary>Options that the task does not have, each with what to do; empty when there are none.</summary>
    public static IEnumerable<string> Problems(this TaskKind task, AlgorithmOptions options)
    {
        if (task.HasTokenRows() && options.CentredResiduals) yield return Problem("centredResiduals");
        if (task.HasTokenRows() && options.ImportanceSampling) yield return Problem("importanceSampling");
        if (task != TaskKind.CausalLanguageModel) yield break;
        if (options.HeadFirst) yield return Problem("headFirst");
        if (options.HeadLast) yield return Problem("headLast");
        if (options.HeadInTheta) yield return Problem("headInTheta");

        string Problem(string name) => $"{name} is on, but {Reason(name)}; switch it off.";
        string Reason(string name) => name.StartsWith("head", StringComparison.Ordinal)
            ? "the head of a causal language model is its own output layer, which is not trained"
            : $"only tasks with one label an example have it, and this one is {TaskNames.Of(task)}";
    }
}
