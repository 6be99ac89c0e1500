namespace FwdLLM.Modeling.Checkpoints;

/// <summary>What is known of each <see cref="TensorType"/>.</summary>
public static class TensorTypes
{
    /// <summary>Bytes per element.</summary>
    public static int Size(this TensorType type) => type switch
    {
        TensorType.Bool or TensorType.U8 or TensorType.I8 => 1,
        TensorType.I16 or TensorType.U16 or TensorType.F16 or TensorType.BF16 => 2,
        TensorType.I32 or TensorType.U32 or TensorType.F32 => 4,
        TensorType.I64 or TensorType.U64 or TensorType.F64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a safetensors element type."),
    };

    /// <summary>Whether the type widens or rounds to a 32-bit float: F64, F32, F16 and BF16.</summary>
    public static bool IsFloat(this TensorType type) => type is TensorType.F64 or TensorType.F32 or TensorType.F16 or TensorType.BF16;

    /// <summary>Finds a type by its safetensors name, in the exact letters of the format.</summary>
    public static bool TryParse(string? name, out TensorType type) =>
        Enum.TryParse(name, out type) && Enum.IsDefined(type) && type.ToString() == name;
}
