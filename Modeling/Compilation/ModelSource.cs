using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Compilation;

/// <summary>What the compiler reads.</summary>
/// <param name="Config">Architecture and sizes.</param>
/// <param name="Pooling">How features are pooled.</param>
/// <param name="Tensors">Weights under the architecture's canonical names: see <see cref="KnownArchitectures.RequiredTensors"/>.</param>
/// <param name="Sha256">Identity of the above, recorded in the manifest.</param>
/// <param name="TokenizerFiles">Copied beside the graphs.</param>
public sealed record ModelSource(ModelConfig Config, PoolingKind Pooling, ITensorSource Tensors, string Sha256, IReadOnlyList<TokenizerFile> TokenizerFiles)
{
    /// <summary>A model as it was published, pooled as it says.</summary>
    /// <exception cref="CheckpointException">Its tokenizer is of a kind that cannot be written.</exception>
    public static ModelSource From(Checkpoint checkpoint) => new(
        checkpoint.Config, checkpoint.Pooling, checkpoint, checkpoint.Sha256, checkpoint.TokenizerFiles);
}
