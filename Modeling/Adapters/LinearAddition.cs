using FwdLLM.Learning;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// The trainable addition to one linear layer: where its parameters lie in θ, and its three rules. Rules return only the
/// addition; the layer adds it to x·Wᵀ.
/// </summary>
internal abstract class LinearAddition(string module, int rank, int inputSize, int outputSize, int firstBlock)
{
    public string Module { get; } = module;

    public int Rank { get; } = rank;

    public int In { get; } = inputSize;

    public int Out { get; } = outputSize;

    /// <summary>Index of the addition's first block in the layout.</summary>
    public int FirstBlock { get; } = firstBlock;

    /// <summary>The addition's blocks, in the order of θ.</summary>
    public abstract IReadOnlyList<AdapterParameter> Parameters { get; }

    /// <summary>Addition [rows, out] for x [rows, in].</summary>
    public abstract string Forward(GraphScope scope, string x);

    /// <summary>Addition and its tangents [K, rows, out].</summary>
    public abstract Dual Jvp(GraphScope scope, Dual x);

    /// <summary>Addition, and the map from the layer's output cotangent to the share of the input's; records the gradient of θ.</summary>
    public abstract (string Value, Func<string, bool, string?> Pullback) Vjp(GraphScope scope, string x);

    /// <summary>Writes the frozen tensors that the rules read, if any.</summary>
    public abstract void WriteFrozen(WeightFile graphWeights, WeightFile exportFactors);

    /// <summary>The adapter in LoRA's form.</summary>
    /// <param name="theta">θ [d].</param>
    /// <param name="layout">Layout of θ.</param>
    /// <param name="frozen">Reads a tensor written by <see cref="WriteFrozen"/> to the export file.</param>
    public abstract LoraModule ToLora(ReadOnlySpan<float> theta, AdapterLayout layout, Func<string, float[]> frozen);
}
