namespace FwdLLM.Learning.Tasks;

/// <summary>Tasks as options and job files name them.</summary>
public static class TaskNames
{
    private static readonly (string Name, TaskKind Task)[] Names =
    [
        ("classification", TaskKind.Classification),
        ("qa", TaskKind.QuestionAnswering),
        ("causal-lm", TaskKind.CausalLanguageModel),
        ("prompt", TaskKind.PromptClassification),
    ];

    /// <summary>Every name.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Names.Select(entry => entry.Name)];

    /// <summary>The task of a name, or null.</summary>
    public static TaskKind? Find(string name) => Array.Find(Names, entry => entry.Name == name) is { Name: not null } found ? found.Task : null;

    /// <summary>The name of a task.</summary>
    public static string Of(TaskKind task) => Array.Find(Names, entry => entry.Task == task).Name ?? $"number {(byte)task}";
}
