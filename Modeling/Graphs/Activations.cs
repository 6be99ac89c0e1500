using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Graphs;

/// <summary>Feed-forward activations by the names that config.json uses.</summary>
internal static class Activations
{
    private static readonly Dictionary<string, Func<int, Step>> Steps = new(StringComparer.Ordinal)
    {
        ["gelu"] = x => new GeluStep(x),
        ["gelu_new"] = x => new GeluTanhStep(x),
        ["gelu_pytorch_tanh"] = x => new GeluTanhStep(x),
        ["relu"] = x => new ReluStep(x),
        ["silu"] = x => new SiluStep(x),
    };

    /// <summary>The names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Steps.Keys.Order(StringComparer.Ordinal)];

    /// <exception cref="CheckpointException">No step computes it.</exception>
    public static Step Create(string name, int x) => Steps.TryGetValue(name, out var create)
        ? create(x)
        : throw new CheckpointException($"Activation '{name}' has no graph rule; supported: {string.Join(", ", Names)}. Choose another model.");
}
