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
        return BertConfig.Read(reader, Name, "gelu");
    }

    /// <summary>Old exports call a norm's weight and bias gamma and beta.</summary>
    public override string Normalize(string name)
    {
        name = base.Normalize(name);
        if (name.EndsWith("LayerNorm.gamma", StringComparison.Ordinal))
            return string.Concat(name.AsSpan(0, name.Length - "gamma".Length), "weight");
        return name.EndsWith("LayerNorm.beta", StringComparison.Ordinal) ? string.Concat(name.AsSpan(0, name.Length - "beta".Length), "bias") : name;
    }

    protected override string FeatureLayer => "pooler.dense";

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
