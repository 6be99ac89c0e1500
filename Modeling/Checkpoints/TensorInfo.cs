namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Where one tensor lies in a safetensors file.</summary>
/// <param name="Name">Name as stored.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Length">Bytes; always the product of the shape times the element size.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<int> Shape, long Offset, long Length)
{
    /// <summary>Number of elements.</summary>
    public long Count => Length / Type.Size();

    /// <summary>The shape as text, for messages: <c>[48, 96]</c>.</summary>
    public string ShapeText => Describe(Shape);

    internal static string Describe(IEnumerable<int> shape) => $"[{string.Join(", ", shape)}]";
}
