using FwdLLM.Learning;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Graphs;

/// <summary>
/// A model cut at the lowest adapted block: the frozen prefix turns one text into rows; the suffix turns rows into features,
/// alone, with tangents, or with the gradient of θ. E is the width of the embeddings, H that of the blocks; rows are E wide
/// where the prefix is the embeddings alone.
/// </summary>
internal sealed class ModelGraphs(ModelConfig config, PoolingKind pooling, AdapterPlan plan, PrecisionPlan precision, WeightFile weights)
{
    private readonly Architecture _architecture = KnownArchitectures.Get(config.Architecture);
    private readonly int _firstLayer = plan.Spec.FirstLayer;
    // Symbols of ONNX: f = n feature rows where sequences are pooled, otherwise f = n·S.
    private readonly string _featureRows = pooling == PoolingKind.Tokens ? "rows" : "n";

    /// <summary>Width of the rows between prefix and suffix.</summary>
    public int RowSize => _firstLayer == 0 ? config.EmbeddingSize : config.HiddenSize;

    /// <summary>input_ids and, where the model has segments, token_type_ids [1, S] → hidden [S, RowSize], for one text without padding.</summary>
    public GraphBuilder Prefix()
    {
        var g = new GraphBuilder("prefix", weights);
        var ids = g.Input("input_ids", ElementType.Int64, 1, "S");
        var types = config.TypeVocabularySize > 0 ? g.Input("token_type_ids", ElementType.Int64, 1, "S") : null;
        var scope = new GraphScope(g, new AdapterLayout([])) { BatchShape = g.Node("Shape", [ids]) };
        var builder = new ProgramBuilder(config, precision, Adapter.None);
        if (_firstLayer > 0)
            Blocks(builder, _architecture.Enter(builder, 0), 0, _firstLayer);
        g.Output("hidden", builder.Program.Forward(scope, _architecture.Embed(scope, config, ids, types)), "S", RowSize);
        return g;
    }

    /// <summary>hidden [n, S, RowSize], attention_mask [n, S], theta [d] → features [f, H], f = n, or n·S with a row per token, padding included.</summary>
    public GraphBuilder Forward()
    {
        var (scope, input) = Open("forward");
        scope.Builder.Output("features", Suffix().Forward(scope, input), _featureRows, config.HiddenSize);
        return scope.Builder;
    }

    /// <summary>… and directions [K, d] → features [f, H], tangents [K, f, H].</summary>
    public GraphBuilder Jvp()
    {
        var (scope, input) = Open("jvp");
        scope.Builder.Input("directions", ElementType.Float32, "K", plan.Layout.Dimension);
        var result = Suffix().Jvp(scope, input);
        scope.Builder.Output("features", result.Primal, _featureRows, config.HiddenSize);
        scope.Builder.Output("tangents", result.Tangent ?? throw new InvalidOperationException("The features do not depend on θ."), "K", _featureRows, config.HiddenSize);
        return scope.Builder;
    }

    /// <summary>… and cotangents [f, H] → features [f, H], gradient [d], summed over the batch.</summary>
    public GraphBuilder Vjp()
    {
        var (scope, input) = Open("vjp");
        var cotangents = scope.Builder.Input("cotangents", ElementType.Float32, _featureRows, config.HiddenSize);
        var features = Suffix().Vjp(scope, input, cotangents);
        scope.Builder.Output("features", features, _featureRows, config.HiddenSize);
        scope.Builder.Output("gradient", scope.Gradient(), plan.Layout.Dimension);
        return scope.Builder;
    }

    private EncoderProgram Suffix()
    {
        var builder = new ProgramBuilder(config, precision, plan.Adapter);
        var value = _firstLayer == 0 ? _architecture.Enter(builder, 0) : 0;
        value = Blocks(builder, value, _firstLayer, config.Layers);
        _architecture.Features(builder, _architecture.Leave(builder, value), pooling);
        return builder.Program;
    }

    private int Blocks(ProgramBuilder builder, int value, int from, int to)
    {
        for (var layer = from; layer < to; layer++)
            value = _architecture.Block(builder, value, layer);
        return value;
    }

    private (GraphScope Scope, string Input) Open(string name)
    {
        var g = new GraphBuilder(name, weights);
        var hidden = g.Input("hidden", ElementType.Float32, "n", "S", RowSize);
        var mask = g.Input("attention_mask", ElementType.Float32, "n", "S");
        g.Input("theta", ElementType.Float32, plan.Layout.Dimension);
        return (new GraphScope(g, plan.Layout) { BatchShape = g.Node("Shape", [mask]), Mask = mask }, g.Reshape(hidden, -1, RowSize));
    }
}
