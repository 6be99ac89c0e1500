using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Architectures;

/// <summary>
/// BERT's encoder (arXiv 1810.04805) under any names: word, position and perhaps segment embeddings, normalised; blocks of
/// self-attention and feed-forward layer, each added to its input and normalised after.
/// </summary>
internal abstract class PostNormEncoder : Architecture
{
    private const string TypeEmbeddings = "embeddings.token_type_embeddings.weight";
    private const string EmbeddingNorm = "embeddings.LayerNorm";

    public override string WordEmbeddings => "embeddings.word_embeddings.weight";

    public override string PositionEmbeddings => "embeddings.position_embeddings.weight";

    public override IReadOnlyList<LinearShape> FeatureLayers(ModelConfig config) => [new(FeatureLayer, config.HiddenSize, config.HiddenSize)];

    public override IReadOnlyList<LinearShape> Heads(ModelConfig config) =>
        [new(Classifier, LinearShape.AnySize, config.HiddenSize), new("qa_outputs", 2, config.HiddenSize)];

    /// <summary>Names of one block.</summary>
    protected abstract PostNormNames Names(int layer);

    /// <summary>The layer between the first token and the classifier.</summary>
    protected abstract string FeatureLayer { get; }

    /// <summary>The classifier's name in a checkpoint that has one.</summary>
    protected virtual string Classifier => "classifier";

    public override IEnumerable<ModelTensor> Required(ModelConfig config)
    {
        int hidden = config.HiddenSize, embedding = config.EmbeddingSize;
        yield return new ModelTensor(WordEmbeddings, [config.VocabularySize, embedding], TensorRole.Table);
        yield return new ModelTensor(PositionEmbeddings, [PositionRows(config), embedding], TensorRole.Table);
        if (config.TypeVocabularySize > 0)
            yield return new ModelTensor(TypeEmbeddings, [config.TypeVocabularySize, embedding], TensorRole.Table);
        foreach (var tensor in ModelTensor.Norm(EmbeddingNorm, embedding))
            yield return tensor;
        foreach (var tensor in Projection(config) is { } projection ? ModelTensor.Linear(projection) : [])
            yield return tensor;
        foreach (var place in Enumerable.Range(0, SharesBlocks ? 1 : config.Layers).SelectMany(layer => BlockPlaces(config, layer)))
        {
            var tensors = place.Kind switch
            {
                PlaceKind.Linear => ModelTensor.Linear(new LinearShape(place.Module, place.Out, place.In)),
                PlaceKind.Norm => ModelTensor.Norm(place.Module, hidden),
                _ => [],
            };
            foreach (var tensor in tensors)
                yield return tensor;
        }
    }

    public override IEnumerable<AdapterPlace> Places(ModelConfig config, PoolingKind pooling) =>
    [
        new AdapterPlace(PlaceKind.Norm, 0, EmbeddingNorm, config.EmbeddingSize, config.EmbeddingSize),
        .. Projection(config) is { } projection ? [new AdapterPlace(PlaceKind.Linear, 0, projection.Module, projection.In, projection.Out)] : (AdapterPlace[])[],
        .. Enumerable.Range(0, config.Layers).SelectMany(layer => BlockPlaces(config, layer)),
        .. pooling == PoolingKind.Pooler
            ? FeatureLayers(config).Select(layer => new AdapterPlace(PlaceKind.Linear, config.Layers, layer.Module, layer.In, layer.Out, HasBias: layer.HasBias))
            : [],
    ];

    public override string Embed(GraphScope scope, ModelConfig config, string ids, string? types)
    {
        var g = scope.Builder;
        var words = EmbeddingTable.Rows(g, WordEmbeddings, g.Reshape(ids, -1));
        var segments = types is null ? null : g.Node("Gather", [g.Weight(TypeEmbeddings), g.Reshape(types, -1)], ("axis", 0));
        var sum = g.AddOptional(g.Add(words, Positions(scope, config, ids)), segments)!;
        return g.Node("LayerNormalization", [sum, g.Weight(EmbeddingNorm + ".weight"), g.Weight(EmbeddingNorm + ".bias")], ("axis", -1), ("epsilon", (float)config.NormEpsilon));
    }

    public override int Enter(ProgramBuilder program, int x)
    {
        var embedded = program.AfterNorm(x, EmbeddingNorm);
        return Projection(program.Config) is { } projection ? program.Linear(embedded, projection.Module) : embedded;
    }

    public override int ClassifierFeatures(ProgramBuilder program, int x)
    {
        var first = program.Add(new PoolStep(x, program.Config.HiddenSize, PoolWeights.First));
        return program.Add(FeatureActivation(program.Linear(first, FeatureLayer)));
    }

    public override int Block(ProgramBuilder program, int x, int layer)
    {
        var (config, names) = (program.Config, Names(layer));
        var context = program.Add(new AttentionStep(
            program.Linear(x, names.Query), program.Linear(x, names.Key), program.Linear(x, names.Value),
            config.Heads, config.KeyValueHeads, config.HeadSize, ScoreMask.Padding));
        var attended = program.ResidualNorm(program.Linear(context, names.AttentionOutput), x, names.AttentionInsertion, names.AttentionNorm);
        var inner = program.Activation(program.Linear(attended, names.Intermediate));
        return program.ResidualNorm(program.Linear(inner, names.Output), attended, names.OutputInsertion, names.OutputNorm);
    }

    /// <summary>What follows <see cref="FeatureLayer"/>.</summary>
    protected virtual Step FeatureActivation(int x) => new TanhStep(x);

    /// <summary>Brings embeddings to the width of the blocks, or null where they have it.</summary>
    protected virtual LinearShape? Projection(ModelConfig config) => null;

    /// <summary>Length of the table of positions.</summary>
    protected virtual int PositionRows(ModelConfig config) => config.MaxPositions;

    /// <summary>Rows of the table of positions, [n·S, E].</summary>
    protected virtual string Positions(GraphScope scope, ModelConfig config, string ids)
    {
        var g = scope.Builder;
        var rows = g.Node("Slice", [g.Weight(PositionEmbeddings), g.Integers(0), g.Size(ids, 1), g.Integers(0)]);
        // A single text, which has no mask, needs no copies of the rows.
        return scope.Mask is null ? rows : g.Reshape(g.Node("Expand", [rows, g.Concat(0, scope.BatchShape, g.Integers(config.EmbeddingSize))]), -1, config.EmbeddingSize);
    }

    private IEnumerable<AdapterPlace> BlockPlaces(ModelConfig config, int layer)
    {
        var names = Names(layer);
        int hidden = config.HiddenSize, inner = config.IntermediateSize;
        return
        [
            new(PlaceKind.Linear, layer, names.Query, hidden, hidden, "query"),
            new(PlaceKind.Linear, layer, names.Key, hidden, hidden, "key"),
            new(PlaceKind.Linear, layer, names.Value, hidden, hidden, "value"),
            new(PlaceKind.Linear, layer, names.AttentionOutput, hidden, hidden, "attention.output"),
            new(PlaceKind.Insertion, layer, names.AttentionInsertion, hidden, hidden),
            new(PlaceKind.Norm, layer, names.AttentionNorm, hidden, hidden),
            new(PlaceKind.Linear, layer, names.Intermediate, hidden, inner, "intermediate"),
            new(PlaceKind.Linear, layer, names.Output, inner, hidden, "output"),
            new(PlaceKind.Insertion, layer, names.OutputInsertion, hidden, hidden),
            new(PlaceKind.Norm, layer, names.OutputNorm, hidden, hidden),
        ];
    }
}
