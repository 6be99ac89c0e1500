namespace FwdLLM.Modeling.Onnx;

/// <summary>The standard operators by their names, so that a rule reads like its formula.</summary>
internal static class Operators
{
    public static string MatMul(this GraphBuilder g, string a, string b) => g.Node("MatMul", [a, b]);

    /// <summary>aᵀ·b of two matrices.</summary>
    public static string TransposedMatMul(this GraphBuilder g, string a, string b) => g.Node("Gemm", [a, b], ("transA", 1));

    public static string Add(this GraphBuilder g, string a, string b) => g.Node("Add", [a, b]);

    /// <summary>a + b where a missing term is zero; null when both are missing.</summary>
    public static string? AddOptional(this GraphBuilder g, string? a, string? b) => a is null ? b : b is null ? a : g.Add(a, b);

    public static string Sub(this GraphBuilder g, string a, string b) => g.Node("Sub", [a, b]);

    public static string Mul(this GraphBuilder g, string a, string b) => g.Node("Mul", [a, b]);

    public static string Mul(this GraphBuilder g, string a, float b) => b == 1 ? a : g.Mul(a, g.Scalar(b));

    public static string Div(this GraphBuilder g, string a, string b) => g.Node("Div", [a, b]);

    public static string Reshape(this GraphBuilder g, string x, string shape) => g.Node("Reshape", [x, shape]);

    public static string Reshape(this GraphBuilder g, string x, params long[] shape) => g.Reshape(x, g.Integers(shape));

    public static string Transpose(this GraphBuilder g, string x, params long[] order) => g.Node("Transpose", [x], ("perm", order));

    public static string Concat(this GraphBuilder g, long axis, params IEnumerable<string> parts) => g.Node("Concat", parts, ("axis", axis));

    public static string Unsqueeze(this GraphBuilder g, string x, params long[] axes) => g.Node("Unsqueeze", [x, g.Integers(axes)]);

    /// <summary>x[from..] along the first axis.</summary>
    public static string Tail(this GraphBuilder g, string x, long from) => g.Node("Slice", [x, g.Integers(from), g.Integers(long.MaxValue), g.Integers(0)]);

    /// <summary>x[index] along the first axis, which disappears.</summary>
    public static string Item(this GraphBuilder g, string x, long index) => g.Node("Gather", [x, g.Integer(index)], ("axis", 0));

    /// <summary>One entry of a tensor's shape, as a vector of length 1.</summary>
    public static string Size(this GraphBuilder g, string x, int axis) => g.Node("Shape", [x], ("start", axis), ("end", axis + 1));

    /// <summary>Mean over the last axis, kept with length 1.</summary>
    public static string RowMean(this GraphBuilder g, string x) => g.Node("ReduceMean", [x], ("axes", new long[] { -1 }), ("keepdims", 1));

    /// <summary>Sum over the last axis, kept with length 1.</summary>
    public static string RowSum(this GraphBuilder g, string x) => g.Node("ReduceSum", [x, g.Integers(-1)], ("keepdims", 1));

    /// <summary>Sum over the rows of a matrix, [width].</summary>
    public static string ColumnSum(this GraphBuilder g, string x) => g.Node("ReduceSum", [x, g.Integers(0)], ("keepdims", 0));

    public static string Apply(this GraphBuilder g, string function, string x) => g.Node(function, [x]);
}
