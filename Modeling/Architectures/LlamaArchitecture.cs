using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Architectures;

/// <summary>
/// LLaMA (arXiv 2302.13971) and models of its form: pre-norm blocks with RMSNorm, causal attention with rotary positions and grouped
/// heads, gated feed-forward layers, no biases, a final norm. The classifier reads the last token.
/// </summary>
internal sealed class LlamaArchitecture : Architecture
{
    private const string FinalNorm = "norm";
    private const string NoBiases = "only models without biases are supported";

    public override string Name => "llama";

    public override string Prefix => "model.";

    public override string WordEmbeddings => "embed_tokens.weight";

    public override string? PositionEmbeddings => null;

    public override ModelConfig ReadConfig(ConfigReader reader)
    {
        reader.RefuseTrue("attention_bias", NoBiases);
        reader.RefuseTrue("mlp_bias", NoBiases);
        var hidden = reader.Integer("hidden_size", 1, 16_384);
        var heads = reader.Integer("num_attention_heads", 1, 1_024);
        if (!reader.Has("head_dim"))
            reader.RequireMultiple("hidden_size", hidden, "num_attention_heads", heads);
        var headSize = reader.Integer("head_dim", 2, 16_384, fallback: hidden / heads);
        reader.RequireMultiple("head_dim", headSize, "the two halves of a rotary pair,", 2);
        var config = new ModelConfig(
            Name,
            HiddenSize: hidden,
            Layers: reader.Integer("num_hidden_layers", 1, 256),
            Heads: heads,
            IntermediateSize: reader.Integer("intermediate_size", 1, 131_072),
            VocabularySize: reader.Integer("vocab_size", 1, 4_000_000),
            MaxPositions: reader.Integer("max_position_embeddings", 1, 16_000_000),
            TypeVocabularySize: 0,
            NormEpsilon: reader.Number("rms_norm_eps", 0, 0.1, fallback: 1e-6),
            HiddenActivation: reader.Require("hidden_act", "silu", Activations.Names))
        {
            KeyValueHeads = reader.Integer("num_key_value_heads", 1, heads, fallback: heads),
            HeadSize = headSize,
            Rotary = RotaryReader.Read(reader, headSize),
            TiedOutput = reader.Flag("tie_word_embeddings", fallback: false),
        };
        reader.RequireMultiple("num_attention_heads", heads, "num_key_value_heads", config.KeyValueHeads);
        return config;
    }

    public override IEnumerable<ModelTensor> Required(ModelConfig config)
    {
        yield return new ModelTensor(WordEmbeddings, [config.VocabularySize, config.HiddenSize], TensorRole.Table);
        foreach (var place in Places(config, default))
            if (place.Kind == PlaceKind.Linear)
                yield return new ModelTensor(place.Module + ".weight", [place.Out, place.In], TensorRole.Linear);
            else if (place.Kind == PlaceKind.Norm)
                yield return new ModelTensor(place.Module + ".weight", [place.Out], TensorRole.Vector);
    }

    public override IReadOnlyList<LinearShape> FeatureLayers(ModelConfig config) => [];

    public override IReadOnlyList<LinearShape> Heads(ModelConfig config) =>
        [new("score", LinearShape.AnySize, config.HiddenSize, HasBias: false), new("lm_head", config.VocabularySize, config.HiddenSize, HasBias: false)];

    public override string OutputWeight(ModelConfig config) => config.TiedOutput == true ? WordEmbeddings : "lm_head.weight";

    public override IEnumerable<AdapterPlace> Places(ModelConfig config, PoolingKind pooling) =>
    [
        .. Enumerable.Range(0, config.Layers).SelectMany(layer => BlockPlaces(config, layer)),
        Norm(config, config.Layers, FinalNorm),
    ];

    public override string Embed(GraphScope scope, ModelConfig config, string ids, string? types) =>
        EmbeddingTable.Rows(scope.Builder, WordEmbeddings, scope.Builder.Reshape(ids, -1));

    public override int Enter(ProgramBuilder program, int x) => x;

    public override int Block(ProgramBuilder program, int x, int layer)
    {
        var block = Block(layer);
        var attended = program.Residual(Attention(program, program.RmsNorm(x, block + "input_layernorm"), block + "self_attn."), x, block + "attention_adapters");
        var inner = program.RmsNorm(attended, block + "post_attention_layernorm");
        var gate = program.Activation(program.Linear(inner, block + "mlp.gate_proj", hasBias: false));
        var gated = program.Add(new MulStep(gate, program.Linear(inner, block + "mlp.up_proj", hasBias: false)));
        return program.Residual(program.Linear(gated, block + "mlp.down_proj", hasBias: false), attended, block + "output_adapters");
    }

    public override int Leave(ProgramBuilder program, int x) => program.RmsNorm(x, FinalNorm);

    public override int ClassifierFeatures(ProgramBuilder program, int x) => program.Add(new PoolStep(x, program.Config.HiddenSize, PoolWeights.Last));

    private static int Attention(ProgramBuilder program, int x, string module)
    {
        var config = program.Config;
        var rotary = config.Rotary ?? throw new ArgumentException("LLaMA needs rotary positions, which are not set.", nameof(program));
        var (query, key, value) = (Project("q_proj"), Project("k_proj"), Project("v_proj"));
        var context = program.Add(new AttentionStep(
            program.Add(new RotaryStep(query, config.Heads, config.HeadSize, rotary)),
            program.Add(new RotaryStep(key, config.KeyValueHeads, config.HeadSize, rotary)),
            value, config.Heads, config.KeyValueHeads, config.HeadSize, ScoreMask.Causal));
        return program.Linear(context, module + "o_proj", hasBias: false);

        int Project(string part) => program.Linear(x, module + part, hasBias: false);
    }

    private static IEnumerable<AdapterPlace> BlockPlaces(ModelConfig config, int layer)
    {
        var block = Block(layer);
        var (hidden, inner) = (config.HiddenSize, config.IntermediateSize);
        var (queries, keys) = (config.Heads * config.HeadSize, config.KeyValueHeads * config.HeadSize);
        return
        [
            Norm(config, layer, block + "input_layernorm"),
            Linear("self_attn.q_proj", hidden, queries, "query"),
            Linear("self_attn.k_proj", hidden, keys, "key"),
            Linear("self_attn.v_proj", hidden, keys, "value"),
            Linear("self_attn.o_proj", queries, hidden, "attention.output"),
            new(PlaceKind.Insertion, layer, block + "attention_adapters", hidden, hidden),
            Norm(config, layer, block + "post_attention_layernorm"),
            Linear("mlp.gate_proj", hidden, inner, "gate"),
            Linear("mlp.up_proj", hidden, inner, "intermediate"),
            Linear("mlp.down_proj", inner, hidden, "output"),
            new(PlaceKind.Insertion, layer, block + "output_adapters", hidden, hidden),
        ];

        AdapterPlace Linear(string part, int from, int to, string target) => new(PlaceKind.Linear, layer, block + part, from, to, target, HasBias: false);
    }

    private static AdapterPlace Norm(ModelConfig config, int layer, string module) =>
        new(PlaceKind.Norm, layer, module, config.HiddenSize, config.HiddenSize, HasBias: false);

    private static string Block(int layer) => $"layers.{layer}.";
}
