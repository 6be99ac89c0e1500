using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>How the weights of linear layers are stored, and with it how they are multiplied.</summary>
internal abstract class WeightFormat
{
    /// <summary>Name in the manifest.</summary>
    public abstract string Name { get; }

    /// <summary>Writes a weight.</summary>
    /// <param name="file">Target.</param>
    /// <param name="name">Canonical name of the weight, for example <c>encoder.layer.0.output.dense.weight</c>; further tensors it needs take names that start with it.</param>
    /// <param name="values">[out, in], row-major.</param>
    /// <param name="outputSize">out.</param>
    /// <param name="inputSize">in.</param>
    public abstract void Write(WeightFile file, string name, float[] values, int outputSize, int inputSize);

    /// <summary>The weight written under this name.</summary>
    public abstract LinearWeight Weight(string name);
}
