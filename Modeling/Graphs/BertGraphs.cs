using FwdLLM.Learning;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs.Steps;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs;

/// <summary>
/// A BERT encoder (arXiv 1810.04805) cut at the lowest adapted layer: the frozen prefix turns one text into hidden states; the
/// suffix turns hidden states into features, alone, with tangents, or with the gradient of θ.
/// </summary>
internal sealed class BertGraphs(BertConfig config, PoolingKind pooling, AdapterPlan plan, int firstLayer, WeightFile weights)
{
    /// <summary>input_ids, token_type_ids [1, S] → hidden [S, H], for one text without padding.</summary>
    public GraphBuilder Prefix()
    {
        var g = new GraphBuilder("prefix", weights);
        var ids = g.Input("input_ids", ElementType.Int64, 1, "S");
        var types = g.Input("token_type_ids", ElementType.Int64, 1, "S");
        var scope = new GraphScope(g, new AdapterLayout([])) { BatchShape = g.Node("Shape", [ids]) };
        var program = new EncoderProgram();
        var value = 0;
        for (var layer = 0; layer < firstLayer; layer++)
            value = AddLayer(program, value, layer);
        g.Output("hidden", program.Forward(scope, Embed(g, ids, types)), "S", config.HiddenSize);
        return g;
    }

    /// <summary>hidden [n, S, H], attention_mask [n, S], theta [d] → features [n, H].</summary>
    public GraphBuilder Forward()
    {
        var (scope, input) = Open("forward");
        scope.Builder.Output("features", Suffix().Forward(scope, input), "n", config.HiddenSize);
        return scope.Builder;
    }

    /// <summary>… and directions [K, d] → features [n, H], tangents [K, n, H].</summary>
    public GraphBuilder Jvp()
    {
        var (scope, input) = Open("jvp");
        scope.Builder.Input("directions", ElementType.Float, "K", plan.Layout.Dimension);
        var result = Suffix().Jvp(scope, input);
        scope.Builder.Output("features", result.Primal, "n", config.HiddenSize);
        scope.Builder.Output("tangents", result.Tangent ?? throw new InvalidOperationException("The features do not depend on θ."), "K", "n", config.HiddenSize);
        return scope.Builder;
    }

    /// <summary>… and cotangents [n, H] → features [n, H], gradient [d], summed over the batch.</summary>
    public GraphBuilder Vjp()
    {
        var (scope, input) = Open("vjp");
        var cotangents = scope.Builder.Input("cotangents", ElementType.Float, "n", config.HiddenSize);
        var features = Suffix().Vjp(scope, input, cotangents);
        scope.Builder.Output("features", features, "n", config.HiddenSize);
        scope.Builder.Output("gradient", scope.Gradient(), plan.Layout.Dimension);
        return scope.Builder;
    }

    private EncoderProgram Suffix()
    {
        var program = new EncoderProgram();
        var value = 0;
        for (var layer = firstLayer; layer < config.Layers; layer++)
            value = AddLayer(program, value, layer);
        value = program.Add(new PoolStep(value, config.HiddenSize, mean: pooling == PoolingKind.Mean));
        if (pooling == PoolingKind.Pooler)
            program.Add(new TanhStep(program.Add(new LinearStep(value, "pooler.dense", null))));
        return program;
    }

    private int AddLayer(EncoderProgram program, int x, int layer)
    {
        var name = $"encoder.layer.{layer}.";
        int Linear(int input, string path) => program.Add(new LinearStep(input, name + path, plan.At(name + path)));
        int Norm(int update, int residual, string path) => program.Add(new ResidualNormStep(update, residual, name + path, (float)config.LayerNormEpsilon));

        var context = program.Add(new AttentionStep(
            Linear(x, "attention.self.query"), Linear(x, "attention.self.key"), Linear(x, "attention.self.value"),
            config.Heads, config.HiddenSize / config.Heads));
        var attended = Norm(Linear(context, "attention.output.dense"), x, "attention.output.LayerNorm");
        var inner = program.Add(new GeluStep(Linear(attended, "intermediate.dense")));
        return Norm(Linear(inner, "output.dense"), attended, "output.LayerNorm");
    }

    // Word + position + segment, normalised: [S, H].
    private string Embed(GraphBuilder g, string ids, string types)
    {
        var words = g.Node("Gather", [g.Weight(BertTensors.WordEmbeddings), g.Reshape(ids, -1)], ("axis", 0));
        var segments = g.Node("Gather", [g.Weight(BertTensors.TypeEmbeddings), g.Reshape(types, -1)], ("axis", 0));
        var positions = g.Node("Slice", [g.Weight(BertTensors.PositionEmbeddings), g.Integers(0), g.Size(ids, 1), g.Integers(0)]);
        return g.Node("LayerNormalization",
            [g.Add(g.Add(words, positions), segments), g.Weight("embeddings.LayerNorm.weight"), g.Weight("embeddings.LayerNorm.bias")],
            ("axis", -1), ("epsilon", (float)config.LayerNormEpsilon));
    }

    private (GraphScope Scope, string Input) Open(string name)
    {
        var g = new GraphBuilder(name, weights);
        var hidden = g.Input("hidden", ElementType.Float, "n", "S", config.HiddenSize);
        var mask = g.Input("attention_mask", ElementType.Float, "n", "S");
        g.Input("theta", ElementType.Float, plan.Layout.Dimension);
        return (new GraphScope(g, plan.Layout) { BatchShape = g.Node("Shape", [mask]), Mask = mask }, g.Reshape(hidden, -1, config.HiddenSize));
    }
}
