using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>The weight W [out, in] of one linear layer: how a graph multiplies by it.</summary>
internal abstract class LinearWeight
{
    /// <summary>x·Wᵀ, [.., in] → [.., out]. What is rounded on the way is rounded row by row, so that rows never disturb each other.</summary>
    public abstract string Product(GraphScope scope, string x);

    /// <summary>Value and tangents, x·Wᵀ and dx·Wᵀ, stacked through one product; a null tangent stays null.</summary>
    public Dual Product(GraphScope scope, Dual x)
    {
        if (x.Tangent is null)
            return new Dual(Product(scope, x.Primal), null);
        var stacked = Product(scope, scope.Stack(x)); // [K+1, rows, out]
        return new Dual(scope.Builder.Item(stacked, 0), scope.Builder.Tail(stacked, 1));
    }

    /// <summary>dy·W, [rows, out] → [rows, in], in float32 whatever the format: the exact gradient of the model with these weights.</summary>
    public string TransposedProduct(GraphScope scope, string cotangent) => scope.Builder.MatMul(cotangent, Matrix(scope));

    /// <summary>W [out, in] in float32.</summary>
    protected abstract string Matrix(GraphScope scope);
}
