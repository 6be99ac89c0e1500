using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Architectures;

/// <summary>
/// RoBERTa (arXiv 1907.11692): BERT's blocks; positions are counted from the padding id + 1 and only over tokens that are not
/// padding; the classifier reads tanh of a layer on the first token.
/// </summary>
internal sealed class RobertaArchitecture : PostNormEncoder
{
    public override string Name => "roberta";

    public override string Prefix => "roberta.";

    public override ModelConfig ReadConfig(ConfigReader reader)
    {
        reader.Require("position_embedding_type", "absolute", ["absolute"]);
        reader.RefuseTrue("is_decoder", "only encoders are supported");
        reader.RefuseTrue("add_cross_attention", "only encoders are supported");
        var padding = reader.Integer("pad_token_id", 0, 4_000_000, fallback: 1);
        var rows = reader.Integer("max_position_embeddings", padding + 2, 5_000_000);
        var config = new ModelConfig(
            Name,
            HiddenSize: reader.Integer("hidden_size", 1, 16_384),
            Layers: reader.Integer("num_hidden_layers", 1, 256),
            Heads: reader.Integer("num_attention_heads", 1, 1_024),
            IntermediateSize: reader.Integer("intermediate_size", 1, 131_072),
            VocabularySize: reader.Integer("vocab_size", 1, 4_000_000),
            MaxPositions: rows - padding - 1,
            TypeVocabularySize: reader.Integer("type_vocab_size", 1, 1_024, fallback: 2),
            NormEpsilon: reader.Number("layer_norm_eps", 0, 0.1, fallback: 1e-12),
            HiddenActivation: reader.Require("hidden_act", "gelu", Activations.Names))
        { PadTokenId = padding };
        reader.RequireMultiple("hidden_size", config.HiddenSize, "num_attention_heads", config.Heads);
        return config;
    }

    public override IReadOnlyList<LinearShape> FeatureLayers(ModelConfig config) => [new("classifier.dense", config.HiddenSize, config.HiddenSize)];

    public override IReadOnlyList<LinearShape> Heads(ModelConfig config) =>
        [new("classifier.out_proj", LinearShape.AnySize, config.HiddenSize), new("qa_outputs", 2, config.HiddenSize)];

    public override int ClassifierFeatures(ProgramBuilder program, int x)
    {
        var first = program.Add(new PoolStep(x, program.Config.HiddenSize, PoolWeights.First));
        return program.Add(new TanhStep(program.Linear(first, "classifier.dense")));
    }

    public override string FullName(string name) => name.StartsWith("classifier.", StringComparison.Ordinal) ? name : base.FullName(name);

    protected override PostNormNames Names(int layer) => BertArchitecture.BlockNames(layer);

    protected override int PositionRows(ModelConfig config) => config.MaxPositions + Padding(config) + 1;

    /// <summary>Position = padding id + number of tokens so far that are not padding; of padding itself, the padding id.</summary>
    protected override string Positions(GraphScope scope, ModelConfig config, string ids)
    {
        var g = scope.Builder;
        var padding = g.Integer(Padding(config));
        var isToken = g.Node("Cast", [g.Node("Not", [g.Node("Equal", [ids, padding])])], ("to", (long)ElementType.Int64));
        var positions = g.Add(g.Mul(g.Node("CumSum", [isToken, g.Integer(1)]), isToken), padding);
        return g.Node("Gather", [g.Weight(PositionEmbeddings), g.Reshape(positions, -1)], ("axis", 0));
    }

    private static int Padding(ModelConfig config) =>
        config.PadTokenId ?? throw new ArgumentException("RoBERTa counts positions from its padding id, which is not set.", nameof(config));
}
