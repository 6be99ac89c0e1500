using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Architectures;

/// <summary>
/// One family of transformers: its config.json, its tensors under canonical names (Hugging Face's module paths inside the base
/// model, without its prefix), the places an adapter may take, and its layers as a program. Holds no state: sizes come with every call.
/// </summary>
internal abstract class Architecture
{
    /// <summary>config.json's <c>model_type</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What Hugging Face puts before the base model's names in a class with a head, for example <c>bert.</c>.</summary>
    public abstract string Prefix { get; }

    /// <summary>Canonical name of the word embedding, [vocabulary, E].</summary>
    public abstract string WordEmbeddings { get; }

    /// <summary>Canonical name of the table of positions, [positions, E], or null where positions are computed.</summary>
    public abstract string? PositionEmbeddings { get; }

    /// <summary>Whether all blocks read one set of weights; then an adapter is in every block or in none.</summary>
    public virtual bool SharesBlocks => false;

    /// <summary>Reads and checks config.json.</summary>
    /// <exception cref="CheckpointException">A value is missing, out of range or not supported.</exception>
    public abstract ModelConfig ReadConfig(ConfigReader reader);

    /// <summary>Every tensor the model needs, in the order it needs them.</summary>
    public abstract IEnumerable<ModelTensor> Required(ModelConfig config);

    /// <summary>Layers between the pooled row and the classifier, which <see cref="PoolingKind.Pooler"/> computes; may be empty.</summary>
    public abstract IReadOnlyList<LinearShape> FeatureLayers(ModelConfig config);

    /// <summary>Heads a checkpoint may hold, the sequence classifier first.</summary>
    public abstract IReadOnlyList<LinearShape> Heads(ModelConfig config);

    /// <summary>Canonical name of the weight [vocabulary, H] that predicts the next token, or null where there is none.</summary>
    public virtual string? OutputWeight(ModelConfig config) => null;

    /// <summary>Places of the blocks and of what <paramref name="pooling"/> adds, in the order of θ: that of computation. Blocks that share weights may repeat them.</summary>
    public abstract IEnumerable<AdapterPlace> Places(ModelConfig config, PoolingKind pooling);

    /// <summary>Embeddings, [n·S, E], of n texts of length S.</summary>
    /// <param name="scope">Graph.</param>
    /// <param name="config">Sizes.</param>
    /// <param name="ids">int64 [n, S]; n is 1 where the scope has no mask.</param>
    /// <param name="types">int64 [n, S]; null where the model has no segments.</param>
    public abstract string Embed(GraphScope scope, ModelConfig config, string ids, string? types);

    /// <summary>What lies between the embeddings [rows, E] and the first block [rows, H]; runs with adapters where the first block does.</summary>
    public abstract int Enter(ProgramBuilder program, int x);

    /// <summary>One block, [rows, H] → [rows, H].</summary>
    public abstract int Block(ProgramBuilder program, int x, int layer);

    /// <summary>What comes after the last block, for example a final norm.</summary>
    public virtual int Leave(ProgramBuilder program, int x) => x;

    /// <summary>What the architecture's own sequence classifier reads, [rows, H] → [n, H]: see <see cref="PoolingKind.Pooler"/>.</summary>
    public abstract int ClassifierFeatures(ProgramBuilder program, int x);

    /// <summary>Features, [rows, H] → [n, H], or the rows themselves where they are not pooled.</summary>
    public int Features(ProgramBuilder program, int x, PoolingKind pooling) => pooling switch
    {
        PoolingKind.Mean => program.Add(new PoolStep(x, program.Config.HiddenSize, PoolWeights.Mean)),
        PoolingKind.Pooler => ClassifierFeatures(program, x),
        PoolingKind.Tokens => x,
        _ => throw new ArgumentOutOfRangeException(nameof(pooling), pooling, "This pooling has no graph rule."),
    };

    /// <summary>The inverse of <see cref="Normalize"/> in a class with a head. Feature layers that belong to the head, such as pre_classifier, have no prefix.</summary>
    public virtual string FullName(string name) => name.Split('.')[0] is "classifier" or "pre_classifier" ? name : Prefix + name;

    /// <summary>The canonical name of a tensor as checkpoints and adapters spell it.</summary>
    public virtual string Normalize(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
}
