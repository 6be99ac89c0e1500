using System.Diagnostics;

namespace FwdLLM.Modeling.Onnx;

/// <summary>What follows from an element type.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.UInt8 or ElementType.Int8 => 1,
        ElementType.Float32 or ElementType.Int32 => 4,
        ElementType.Int64 => 8,
        _ => throw new UnreachableException($"Element type {type}."),
    };

    /// <summary>The element type of a .NET type.</summary>
    public static ElementType Of<T>() where T : unmanaged => default(T) switch
    {
        float => ElementType.Float32,
        byte => ElementType.UInt8,
        sbyte => ElementType.Int8,
        int => ElementType.Int32,
        long => ElementType.Int64,
        _ => throw new ArgumentException($"The graphs have no constants of type {typeof(T).Name}; use float, byte, sbyte, int or long."),
    };
}
