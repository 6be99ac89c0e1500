using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Inference;

/// <summary>The output layer of a compiled causal language model.</summary>
public static class OutputLayer
{
    /// <summary>Reads it from the model's weights; where it is tied it is the word embedding.</summary>
    /// <exception cref="InvalidDataException">The model has none, or was compiled without it.</exception>
    public static VocabularyHead Read(CompiledModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var name = KnownArchitectures.OutputWeight(model.Manifest.Config)
            ?? throw new InvalidDataException($"{model.Folder} is a model of the architecture {model.Manifest.Config.Architecture}, which has no output layer over its vocabulary; take a causal language model.");
        return new VocabularyHead(model.ReadFloat32(name), model.Manifest.FeatureSize);
    }
}
