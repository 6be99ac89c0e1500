using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Modeling.Exports;

/// <summary>What a job came to.</summary>
/// <param name="Model">The compiled model it ran on.</param>
/// <param name="Theta">θ [d].</param>
/// <param name="Head">The head on the model's features, or null where the job trained none.</param>
/// <param name="Labels">Names of the classes, in their order; may be empty.</param>
/// <param name="MaxTokens">Token limit per text that it was trained with.</param>
/// <param name="BaseModel">Name of the base model, recorded for loaders.</param>
public sealed record TrainedModel(CompiledModel Model, float[] Theta, LinearClassifier? Head, IReadOnlyList<string> Labels, int MaxTokens, string BaseModel)
{
    /// <summary>What it was taught.</summary>
    public TaskKind Task { get; init; }

    /// <summary>A version of a job's model, its standardisation folded into the head.</summary>
    /// <exception cref="ExportException">The version's parts do not fit together.</exception>
    public static TrainedModel From(CompiledModel model, ModelSnapshot snapshot, TaskKind task, IReadOnlyList<string> labels, int maxTokens, string baseModel) =>
        new(model, snapshot.Theta, LinearClassifier.Fold(snapshot), labels, maxTokens, baseModel) { Task = task };
}
