using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Architectures;

/// <summary>The architectures this compiler knows, by config.json's <c>model_type</c>.</summary>
public static class KnownArchitectures
{
    private static readonly IReadOnlyList<Architecture> All =
        [new BertArchitecture(), new DistilBertArchitecture(), new RobertaArchitecture(), new AlbertArchitecture(), new LlamaArchitecture()];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(architecture => architecture.Name)];

    /// <summary>Names and shapes of the tensors that a model of these sizes needs.</summary>
    /// <exception cref="CheckpointException">The architecture is not known.</exception>
    public static IReadOnlyList<(string Name, int[] Shape)> RequiredTensors(ModelConfig config) =>
        [.. Get(config.Architecture).Required(config).Select(tensor => (tensor.Name, tensor.Shape))];

    /// <summary>
    /// Canonical name of the weight [vocabulary, H] that turns a hidden state into the logits of the next token: the word embedding
    /// where the two are tied. Null where the architecture has no such layer.
    /// </summary>
    /// <exception cref="CheckpointException">The architecture is not known.</exception>
    public static string? OutputWeight(ModelConfig config) => Get(config.Architecture).OutputWeight(config);

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
