using System.Globalization;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>The sizes of a BERT encoder, from a Hugging Face config.json. An instance has passed every check.</summary>
/// <param name="HiddenSize">H, the width of the hidden states.</param>
/// <param name="Layers">Number of encoder blocks.</param>
/// <param name="Heads">Attention heads per block; divides <paramref name="HiddenSize"/>.</param>
/// <param name="IntermediateSize">Width of the feed-forward layer.</param>
/// <param name="VocabularySize">Rows of the word embedding.</param>
/// <param name="MaxPositions">Longest sequence, in tokens.</param>
/// <param name="TypeVocabularySize">Rows of the segment embedding.</param>
/// <param name="LayerNormEpsilon">ε added to the variance in layer normalisation.</param>
/// <param name="HiddenActivation">Name of the feed-forward activation; <c>gelu</c> is x·Φ(x) with the exact error function.</param>
public sealed record BertConfig(
    int HiddenSize,
    int Layers,
    int Heads,
    int IntermediateSize,
    int VocabularySize,
    int MaxPositions,
    int TypeVocabularySize,
    double LayerNormEpsilon,
    string HiddenActivation)
{
    /// <summary>Activations the graph compiler knows.</summary>
    public static readonly IReadOnlyList<string> SupportedActivations = ["gelu"];

    /// <summary>Reads and checks a config.json.</summary>
    /// <exception cref="CheckpointException">The file is missing or damaged, or describes a model that is not supported; the message names key and value.</exception>
    public static BertConfig Read(string path)
    {
        using var document = JsonFile.Read(path);
        var reader = new BertConfigReader(path, document.RootElement);
        reader.Require("model_type", "bert", ["bert"]);
        reader.Require("position_embedding_type", "absolute", ["absolute"]);
        reader.RefuseTrue("is_decoder");
        reader.RefuseTrue("add_cross_attention");
        var config = new BertConfig(
            HiddenSize: reader.Integer("hidden_size", 1, 16_384),
            Layers: reader.Integer("num_hidden_layers", 1, 256),
            Heads: reader.Integer("num_attention_heads", 1, 1_024),
            IntermediateSize: reader.Integer("intermediate_size", 1, 131_072),
            VocabularySize: reader.Integer("vocab_size", 1, 4_000_000),
            MaxPositions: reader.Integer("max_position_embeddings", 1, 1_000_000),
            TypeVocabularySize: reader.Integer("type_vocab_size", 1, 1_024, fallback: 2),
            LayerNormEpsilon: reader.Number("layer_norm_eps", 0, 0.1, fallback: 1e-12),
            HiddenActivation: reader.Require("hidden_act", "gelu", SupportedActivations));
        if (config.HiddenSize % config.Heads != 0)
            throw new CheckpointException($"{path}: hidden_size {config.HiddenSize} is not a multiple of num_attention_heads {config.Heads}; correct the file.");
        return config;
    }

    /// <summary>The fields as one line that is the same on every machine: what the checkpoint's hash covers.</summary>
    internal string Canonical => string.Create(CultureInfo.InvariantCulture,
        $"bert {HiddenSize} {Layers} {Heads} {IntermediateSize} {VocabularySize} {MaxPositions} {TypeVocabularySize} {LayerNormEpsilon:R} {HiddenActivation}");
}
