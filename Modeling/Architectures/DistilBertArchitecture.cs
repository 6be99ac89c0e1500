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

    public override IReadOnlyList<LinearShape> FeatureLayers(ModelConfig config) => [new("pre_classifier", config.HiddenSize, config.HiddenSize)];

    public override IReadOnlyList<LinearShape> Heads(ModelConfig config) =>
        [new("classifier", LinearShape.AnySize, config.HiddenSize), new("qa_outputs", 2, config.HiddenSize)];

    public override int ClassifierFeatures(ProgramBuilder program, int x)
    {
        var first = program.Add(new PoolStep(x, program.Config.HiddenSize, PoolWeights.First));
        return program.Add(new ReluStep(program.Linear(first, "pre_classifier")));
    }

    protected override PostNormNames Names(int layer)
    {
        var block = $"transformer.layer.{layer}.";
        return new PostNormNames(
            block + "attention.q_lin", block + "attention.k_lin", block + "attention.v_lin",
            block + "attention.out_lin", block + "sa_layer_norm", block + "attention_adapters",
            block + "ffn.lin1", block + "ffn.lin2", block + "output_layer_norm", block + "output_adapters");
    }
}
