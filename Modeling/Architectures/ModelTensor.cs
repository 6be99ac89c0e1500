namespace FwdLLM.Modeling.Architectures;

/// <summary>A tensor that an architecture needs, under its canonical name.</summary>
internal sealed record ModelTensor(string Name, int[] Shape, TensorRole Role)
{
    /// <summary>Weight [out, in] and, unless the layer has none, bias [out].</summary>
    public static IEnumerable<ModelTensor> Linear(LinearShape layer)
    {
        yield return new ModelTensor(layer.Module + ".weight", [layer.Out, layer.In], TensorRole.Linear);
        if (layer.HasBias)
            yield return new ModelTensor(layer.Module + ".bias", [layer.Out], TensorRole.Vector);
    }

    /// <summary>Gain and offset of a layer normalisation.</summary>
    public static IEnumerable<ModelTensor> Norm(string module, int size) =>
        [new ModelTensor(module + ".weight", [size], TensorRole.Vector), new ModelTensor(module + ".bias", [size], TensorRole.Vector)];
}
