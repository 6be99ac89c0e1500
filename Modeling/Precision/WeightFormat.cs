using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>How the weights of linear layers are stored, and with it how they are multiplied.</summary>
internal abstract class WeightFormat
{
    /// <summary>Name in the manifest and on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Whether products round their input too. The loss is then a staircase: finite differences measure its steps, not its slope.</summary>
    public virtual bool QuantizesActivations => false;

    /// <summary>Whether the table of word embeddings is stored in 8 bits.</summary>
    public virtual bool QuantizesTables => true;

    /// <summary>Least cosine between directional derivatives of this format and of float32 with which a model is admitted: see docs/precision.md.</summary>
    public virtual double AdmissionThreshold => 0.98;

    /// <summary>Writes a weight.</summary>
    /// <param name="file">Target.</param>
    /// <param name="tensor">Weight [out, in] by its canonical name, for example <c>encoder.layer.0.output.dense.weight</c>; further tensors it needs take names that start with it.</param>
    /// <param name="source">Where to read it.</param>
    public abstract void Write(WeightFile file, ModelTensor tensor, ITensorSource source);

    /// <summary>A weight that was written.</summary>
    public abstract LinearWeight Weight(ModelTensor tensor);
}
