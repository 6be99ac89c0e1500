namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>Where one tensor lies in a GGUF file.</summary>
/// <param name="Name">Name as stored.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes, outermost first (the reverse of the file's order); empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Length">Bytes; always the number of blocks times their size.</param>
public sealed record GgufTensor(string Name, GgufTensorType Type, IReadOnlyList<int> Shape, long Offset, long Length)
{
    /// <summary>Number of elements.</summary>
    public long Count => Length / Type.BlockBytes() * Type.BlockElements();

    /// <summary>Elements of a row: the innermost size. A row is a whole number of blocks.</summary>
    public int RowElements => Shape.Count == 0 ? 1 : Shape[^1];

    /// <summary>Bytes of a row.</summary>
    public long RowBytes => RowElements / Type.BlockElements() * (long)Type.BlockBytes();

    /// <summary>Rows: the product of all sizes but the innermost; 0 where rows are empty.</summary>
    public long Rows => RowElements == 0 ? 0 : Count / RowElements;

    /// <summary>The shape as text, for messages: <c>[48, 96]</c>.</summary>
    public string ShapeText => TensorInfo.Describe(Shape);
}
