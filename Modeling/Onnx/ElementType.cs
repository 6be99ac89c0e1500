namespace FwdLLM.Modeling.Onnx;

/// <summary>Types of a tensor's elements; the values are ONNX's.</summary>
public enum ElementType
{
    /// <summary>32-bit float.</summary>
    Float32 = 1,

    /// <summary>8-bit unsigned integer.</summary>
    UInt8 = 2,

    /// <summary>8-bit signed integer.</summary>
    Int8 = 3,

    /// <summary>32-bit signed integer.</summary>
    Int32 = 6,

    /// <summary>64-bit signed integer.</summary>
    Int64 = 7,
}
