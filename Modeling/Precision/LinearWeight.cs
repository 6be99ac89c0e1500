using FwdLLM.Modeling.Graphs;

namespace FwdLLM.Modeling.Precision;

/// <summary>The weight W [out, in] of one linear layer: how a graph multiplies by it.</summary>
internal abstract class LinearWeight
{
    /// <summary>x·Wᵀ, [.., in] → [.., out].</summary>
    public abstract string Product(GraphScope scope, string x);

    /// <summary>Value and tangents, x·Wᵀ and dx·Wᵀ; a null tangent stays null. Whether they share one product is the format's business.</summary>
    public abstract Dual Product(GraphScope scope, Dual x);

    /// <summary>dy·W, [rows, out] → [rows, in].</summary>
    public abstract string TransposedProduct(GraphScope scope, string cotangent);
}
