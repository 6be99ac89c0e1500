namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>What is known of each <see cref="GgufTensorType"/>.</summary>
public static class GgufTensorTypes
{
    /// <summary>Elements per block; 1 for the plain float types. Every block size divides 256.</summary>
    public static int BlockElements(this GgufTensorType type) => Layout(type).Elements;

    /// <summary>Bytes per block.</summary>
    public static int BlockBytes(this GgufTensorType type) => Layout(type).Bytes;

    private static (int Elements, int Bytes) Layout(GgufTensorType type) => type switch
    {
        GgufTensorType.F32 => (1, 4),
        GgufTensorType.F16 or GgufTensorType.BF16 => (1, 2),
        GgufTensorType.Q4_0 => (32, 2 + 16),
        GgufTensorType.Q4_1 => (32, 4 + 16),
        GgufTensorType.Q5_0 => (32, 2 + 4 + 16),
        GgufTensorType.Q5_1 => (32, 4 + 4 + 16),
        GgufTensorType.Q8_0 => (32, 2 + 32),
        GgufTensorType.Q2_K => (256, 16 + 64 + 4),
        GgufTensorType.Q3_K => (256, 32 + 64 + 12 + 2),
        GgufTensorType.Q4_K => (256, 4 + 12 + 128),
        GgufTensorType.Q5_K => (256, 4 + 12 + 32 + 128),
        GgufTensorType.Q6_K => (256, 128 + 64 + 16 + 2),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a GGUF element type that is read."),
    };
}
