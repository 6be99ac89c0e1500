using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Architectures;

/// <summary>BERT (arXiv 1810.04805): absolute positions, segments, pooler = tanh of a layer on the first token.</summary>
internal sealed class BertArchitecture : PostNormEncoder
{
    public override string Name => "bert";

    public override string Prefix => "bert.";

    public override ModelConfig ReadConfig(ConfigReader reader)
    {
        reader.Require("position_embedding_type", "absolute", ["absolute"]);
        reader.RefuseTrue("is_decoder", "only encoders are supported");
        reader.RefuseTrue("add_cross_attention", "only encoders are supported");
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
            HiddenActivation: reader.Require("hidden_act", "gelu", Activations.Names));
        reader.RequireMultiple("hidden_size", config.HiddenSize, "num_attention_heads", config.Heads);
        return config;
    }

    public override IReadOnlyList<LinearShape> FeatureLayers(ModelConfig config) => [new("pooler.dense", config.HiddenSize, config.HiddenSize)];

    public override IReadOnlyList<LinearShape> Heads(ModelConfig config) =>
        [new("classifier", LinearShape.AnySize, config.HiddenSize), new("qa_outputs", 2, config.HiddenSize)];

    public override int ClassifierFeatures(ProgramBuilder program, int x)
    {
        var first = program.Add(new PoolStep(x, program.Config.HiddenSize, PoolWeights.First));
        return program.Add(new TanhStep(program.Linear(first, "pooler.dense")));
    }

    /// <summary>Old exports call a norm's weight and bias gamma and beta.</summary>
    public override string Normalize(string name)
    {
        name = base.Normalize(name);
        if (name.EndsWith("LayerNorm.gamma", StringComparison.Ordinal))
            return string.Concat(name.AsSpan(0, name.Length - "gamma".Length), "weight");
        return name.EndsWith("LayerNorm.beta", StringComparison.Ordinal) ? string.Concat(name.AsSpan(0, name.Length - "beta".Length), "bias") : name;
    }

    protected override PostNormNames Names(int layer) => BlockNames(layer);

    /// <summary>Names of one block, which RoBERTa shares.</summary>
    internal static PostNormNames BlockNames(int layer)
    {
        var block = $"encoder.layer.{layer}.";
        return new PostNormNames(
            block + "attention.self.query", block + "attention.self.key", block + "attention.self.value",
            block + "attention.output.dense", block + "attention.output.LayerNorm", block + "attention.output",
            block + "intermediate.dense", block + "output.dense", block + "output.LayerNorm", block + "output");
    }
}
