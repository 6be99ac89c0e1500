namespace FwdLLM.Modeling.Onnx;

/// <summary>Where one tensor lies in <c>weights.bin</c>.</summary>
/// <param name="Name">Initializer name, shared by every graph that reads it.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Dimensions, row-major.</param>
/// <param name="Offset">First byte, a multiple of 4096.</param>
/// <param name="Length">Bytes.</param>
public sealed record WeightEntry(string Name, ElementType Type, int[] Shape, long Offset, long Length);
