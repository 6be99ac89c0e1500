using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Architectures;

/// <summary>The architectures this compiler knows, by config.json's <c>model_type</c>.</summary>
public static class KnownArchitectures
{
    private static readonly IReadOnlyList<Architecture> All = [new BertArchitecture(), new DistilBertArchitecture()];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(architecture => architecture.Name)];

    /// <summary>Names and shapes of the tensors that a model of these sizes needs.</summary>
    /// <exception cref="CheckpointException">The architecture is not known.</exception>
    public static IReadOnlyList<(string Name, int[] Shape)> RequiredTensors(ModelConfig config) =>
        [.. Get(config.Architecture).Required(config).Select(tensor => (tensor.Name, tensor.Shape))];

    /// <summary>The architecture of this name.</summary>
    /// <exception cref="CheckpointException">It is not known.</exception>
    internal static Architecture Get(string name) => All.FirstOrDefault(architecture => architecture.Name == name)
        ?? throw new CheckpointException($"Architecture '{name}' is not known; supported: {string.Join(", ", Names)}. Choose another model.");

    /// <summary>Reads a config.json and finds whose it is.</summary>
    internal static ModelConfig ReadConfig(string path)
    {
        using var document = JsonFile.Read(path);
        var reader = new ConfigReader(path, document.RootElement);
        // Files that predate the key are BERT's.
        return Get(reader.Require("model_type", "bert", Names)).ReadConfig(reader);
    }
}
