using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Architectures;

/// <summary>
/// ALBERT (arXiv 1909.11942): BERT's block once for all layers, and embeddings of their own width that a linear layer brings to H;
/// pooler = tanh of a layer on the first token.
/// </summary>
internal sealed class AlbertArchitecture : PostNormEncoder
{
    public override string Name => "albert";

    public override string Prefix => "albert.";

    public override bool SharesBlocks => true;

    public override ModelConfig ReadConfig(ConfigReader reader)
    {
        reader.Require("position_embedding_type", "absolute", ["absolute"]);
        // Groups would be several blocks by turns; no published model has them.
        reader.Integer("num_hidden_groups", 1, 1, fallback: 1);
        reader.Integer("inner_group_num", 1, 1, fallback: 1);
        var config = new ModelConfig(
            Name,
            HiddenSize: reader.Integer("hidden_size", 1, 16_384),
            Layers: reader.Integer("num_hidden_layers", 1, 256),
            Heads: reader.Integer("num_attention_heads", 1, 1_024),
            IntermediateSize: reader.Integer("intermediate_size", 1, 131_072),
            VocabularySize: reader.Integer("vocab_size", 1, 4_000_000),
            MaxPositions: reader.Integer("max_position_embeddings", 1, 1_000_000),
            TypeVocabularySize: reader.Integer("type_vocab_size", 1, 1_024, fallback: 2),
            NormEpsilon: reader.Number("layer_norm_eps", 0, 0.1, fallback: 1e-12),
            HiddenActivation: reader.Require("hidden_act", "gelu_new", Activations.Names))
        { EmbeddingSize = reader.Integer("embedding_size", 1, 16_384, fallback: 128) };
        reader.RequireMultiple("hidden_size", config.HiddenSize, "num_attention_heads", config.Heads);
        return config;
    }

    public override IReadOnlyList<LinearShape> FeatureLayers(ModelConfig config) => [new("pooler", config.HiddenSize, config.HiddenSize)];

    public override IReadOnlyList<LinearShape> Heads(ModelConfig config) =>
        [new("classifier", LinearShape.AnySize, config.HiddenSize), new("qa_outputs", 2, config.HiddenSize)];

    public override int ClassifierFeatures(ProgramBuilder program, int x)
    {
        var first = program.Add(new PoolStep(x, program.Config.HiddenSize, PoolWeights.First));
        return program.Add(new TanhStep(program.Linear(first, "pooler")));
    }

    protected override LinearShape Projection(ModelConfig config) => new("encoder.embedding_hidden_mapping_in", config.HiddenSize, config.EmbeddingSize);

    protected override PostNormNames Names(int layer)
    {
        const string block = "encoder.albert_layer_groups.0.albert_layers.0.";
        return new PostNormNames(
            block + "attention.query", block + "attention.key", block + "attention.value",
            block + "attention.dense", block + "attention.LayerNorm", block + "attention_adapters",
            block + "ffn", block + "ffn_output", block + "full_layer_layer_norm", block + "output_adapters");
    }
}
