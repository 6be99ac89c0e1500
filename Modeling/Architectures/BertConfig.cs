using FwdLLM.Modeling.Graphs;

namespace FwdLLM.Modeling.Architectures;

/// <summary>The keys of config.json that Hugging Face's BERT, ALBERT and RoBERTa have in common.</summary>
internal static class BertConfig
{
    /// <param name="reader">config.json.</param>
    /// <param name="name">Architecture.</param>
    /// <param name="activation">The activation where the file names none.</param>
    /// <param name="leastPositions">Rows that the table of positions has at least.</param>
    public static ModelConfig Read(ConfigReader reader, string name, string activation, int leastPositions = 1)
    {
        var config = new ModelConfig(
            name,
            HiddenSize: reader.Integer("hidden_size", 1, 16_384),
            Layers: reader.Integer("num_hidden_layers", 1, 256),
            Heads: reader.Integer("num_attention_heads", 1, 1_024),
            IntermediateSize: reader.Integer("intermediate_size", 1, 131_072),
            VocabularySize: reader.Integer("vocab_size", 1, 4_000_000),
            MaxPositions: reader.Integer("max_position_embeddings", leastPositions, 5_000_000),
            TypeVocabularySize: reader.Integer("type_vocab_size", 1, 1_024, fallback: 2),
            NormEpsilon: reader.Number("layer_norm_eps", 0, 0.1, fallback: 1e-12),
            HiddenActivation: reader.Require("hidden_act", activation, Activations.Names));
        reader.RequireMultiple("hidden_size", config.HiddenSize, "num_attention_heads", config.Heads);
        return config;
    }
}
