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
        return BertConfig.Read(reader, Name, "gelu_new") with { EmbeddingSize = reader.Integer("embedding_size", 1, 16_384, fallback: 128) };
    }

    protected override string FeatureLayer => "pooler";

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
