using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Architectures;

/// <summary>DistilBERT (arXiv 1910.01108): BERT's blocks without segments; its classifier reads ReLU of a layer on the first token.</summary>
internal sealed class DistilBertArchitecture : PostNormEncoder
{
    public override string Name => "distilbert";

    public override string Prefix => "distilbert.";

    public override ModelConfig ReadConfig(ConfigReader reader)
    {
        var config = new ModelConfig(
            Name,
            HiddenSize: reader.Integer("dim", 1, 16_384),
            Layers: reader.Integer("n_layers", 1, 256),
            Heads: reader.Integer("n_heads", 1, 1_024),
            IntermediateSize: reader.Integer("hidden_dim", 1, 131_072),
            VocabularySize: reader.Integer("vocab_size", 1, 4_000_000),
            MaxPositions: reader.Integer("max_position_embeddings", 1, 1_000_000),
            TypeVocabularySize: 0,
            // Fixed in Hugging Face's code.
            NormEpsilon: 1e-12,
            HiddenActivation: reader.Require("activation", "gelu", Activations.Names));
        reader.RequireMultiple("dim", config.HiddenSize, "n_heads", config.Heads);
        return config;
    }

    protected override string FeatureLayer => "pre_classifier";

    protected override Step FeatureActivation(int x) => new ReluStep(x);

    protected override PostNormNames Names(int layer)
    {
        var block = $"transformer.layer.{layer}.";
        return new PostNormNames(
            block + "attention.q_lin", block + "attention.k_lin", block + "attention.v_lin",
            block + "attention.out_lin", block + "sa_layer_norm", block + "attention_adapters",
            block + "ffn.lin1", block + "ffn.lin2", block + "output_layer_norm", block + "output_adapters");
    }
}
