using FwdLLM.Modeling.Onnx.Format;

namespace FwdLLM.Modeling.Onnx;

/// <summary>The large constants that a graph may read, and where the graph finds them.</summary>
internal interface IWeightStore
{
    /// <summary>Type and shape of a constant.</summary>
    WeightEntry this[string name] { get; }

    /// <summary>Whether there is such a constant.</summary>
    bool Contains(string name);

    /// <summary>The constant as a graph holds it: its bytes, or the place in a file beside the graph.</summary>
    Tensor Initializer(string name);
}
