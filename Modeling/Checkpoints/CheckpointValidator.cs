using FwdLLM.Modeling.Architectures;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Checks names, shapes and types of a checkpoint's tensors against its configuration.</summary>
internal sealed class CheckpointValidator(string path, ModelConfig config, NormalizedNames names)
{
    public void Check()
    {
        var architecture = KnownArchitectures.Get(config.Architecture);
        foreach (var tensor in architecture.Required(config))
            CheckTensor(tensor.Name, tensor.Shape);
        foreach (var layer in architecture.FeatureLayers(config).Concat(architecture.Heads(config)))
        {
            if (names.Find(layer.Module + ".weight") is not { } found)
                continue;
            var rows = layer.Out != LinearShape.AnySize ? layer.Out : found.Shape.Count == 2 ? Math.Max(found.Shape[0], 1) : 1;
            foreach (var tensor in ModelTensor.Linear(layer with { Out = rows }))
                CheckTensor(tensor.Name, tensor.Shape);
        }
    }

    private void CheckTensor(string name, int[] shape)
    {
        var tensor = names.Find(name)
            ?? throw new CheckpointException($"{path} has no tensor '{name}', which {Checkpoint.ConfigFile} calls for; use the config.json that belongs to the weights.");
        if (!tensor.Shape.SequenceEqual(shape))
            throw new CheckpointException($"{path}: tensor '{tensor.Name}' is {tensor.ShapeText}, {Checkpoint.ConfigFile} calls for {TensorInfo.Describe(shape)}; use the config.json that belongs to the weights.");
        if (tensor.Type == TensorType.I8)
            CheckScale(name, tensor);
        else if (!tensor.Type.IsFloat())
            throw new CheckpointException($"{path}: tensor '{tensor.Name}' is {tensor.Type}; weights must be F64, F32, F16, BF16, or I8 with a scale per row. Convert the checkpoint.");
    }

    private void CheckScale(string name, TensorInfo tensor)
    {
        var scale = names.Find(name + NormalizedNames.ScaleSuffix);
        var fits = tensor.Shape.Count == 2 && scale is { Type: TensorType.F32, Shape.Count: 1 } && scale.Shape[0] == tensor.Shape[0];
        // Reading finds the scale by the stored name.
        if (!fits || scale!.Name != tensor.Name + NormalizedNames.ScaleSuffix)
            throw new CheckpointException($"{path}: I8 tensor '{tensor.Name}' {tensor.ShapeText} needs a companion '{tensor.Name}{NormalizedNames.ScaleSuffix}' of F32 [rows]; make the compact model again.");
    }
}
