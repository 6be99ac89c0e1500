namespace FwdLLM.Grains;

/// <summary>What an evaluation on held-out examples found.</summary>
/// <param name="Accuracy">The task's figure, a fraction.</param>
/// <param name="Loss">Mean of the examples' losses.</param>
/// <param name="Examples">Number of examples.</param>
public sealed record EvaluationResult(double Accuracy, double Loss, int Examples)
{
    /// <summary>Name of the task's figure.</summary>
    public string Metric { get; init; } = "accuracy";

    /// <summary>Every figure of the task by its name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new SortedDictionary<string, double>(StringComparer.Ordinal);
}
