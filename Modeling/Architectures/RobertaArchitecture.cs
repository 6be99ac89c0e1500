using FwdLLM.Modeling.Graphs;
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
        var config = BertConfig.Read(reader, Name, "gelu", leastPositions: padding + 2);
        return config with { MaxPositions = config.MaxPositions - padding - 1, PadTokenId = padding };
    }

    public override string FullName(string name) => name.StartsWith("classifier.", StringComparison.Ordinal) ? name : base.FullName(name);

    protected override string FeatureLayer => "classifier.dense";

    protected override string Classifier => "classifier.out_proj";

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
