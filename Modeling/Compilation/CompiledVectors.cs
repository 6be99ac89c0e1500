using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Compilation;

/// <summary>Biases and norms of a compiled model under their canonical names. Matrices are stored as their weight format wants them and are not among these.</summary>
internal sealed class CompiledVectors(CompiledModel model) : ITensorSource
{
    public bool Contains(string name) => Find(name) is not null;

    public IReadOnlyList<int> Shape(string name) => Entry(name).Shape;

    public float[] ReadFloat32(string name) => model.Read(CompiledModel.WeightsFile, Entry(name));

    private WeightEntry? Find(string name) => model.Manifest.Weights.FirstOrDefault(entry => entry.Name == name && entry is { Type: ElementType.Float32, Shape.Length: 1 });

    private WeightEntry Entry(string name) => Find(name) ?? throw new CheckpointException($"{model.Folder} holds no vector '{name}'; compile the model again.");
}
