using FwdLLM.Bench.Measuring;
using FwdLLM.Modeling.Architectures;

namespace FwdLLM.Bench.Memory;

/// <summary>The models of the table: published shapes with random weights.</summary>
internal static class MemoryShapes
{
    private static readonly (string Name, ModelConfig Config)[] All =
    [
        ("ALBERT-base", Encoder("albert", hidden: 768, layers: 12, vocabulary: 30_000, types: 2, activation: "gelu_new") with { EmbeddingSize = 128 }),
        ("DistilBERT", Encoder("distilbert", hidden: 768, layers: 6, vocabulary: 30_522, types: 0)),
        ("BERT-base", Encoder("bert", hidden: 768, layers: 12, vocabulary: 30_522, types: 2)),
        ("RoBERTa-large", Encoder("roberta", hidden: 1024, layers: 24, vocabulary: 50_265, types: 1) with { PadTokenId = 1 }),
    ];

    /// <summary>Their names, from small to large.</summary>
    public static IEnumerable<string> Names => All.Select(shape => shape.Name);

    /// <summary>The model of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static SyntheticModel Create(string name) => Array.Find(All, shape => shape.Name == name) is { Config: { } config }
        ? new SyntheticModel(config, seed: 1)
        : throw new ArgumentException($"--models has \"{name}\"; give {string.Join(", ", Names)} or MiniLM.");

    private static ModelConfig Encoder(string architecture, int hidden, int layers, int vocabulary, int types, string activation = "gelu") =>
        new(architecture, hidden, layers, Heads: hidden / 64, IntermediateSize: 4 * hidden, vocabulary, MaxPositions: 512, types, NormEpsilon: 1e-12, activation);
}
