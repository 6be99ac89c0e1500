namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>
/// Element types of a GGUF file that are read, under ggml's names and numbers. The quantised ones store a row as blocks of
/// 32 (Q4_0 to Q8_0) or 256 (the K types) elements; d and m are half-precision scales, q the stored integer.
/// </summary>
public enum GgufTensorType
{
    /// <summary>IEEE single precision.</summary>
    F32 = 0,

    /// <summary>IEEE half precision.</summary>
    F16 = 1,

    /// <summary>4 bits: d (q − 8). Block: d, then 16 bytes; byte i holds elements i (low half) and i + 16.</summary>
    Q4_0 = 2,

    /// <summary>4 bits: d q + m. Block: d, m, then 16 bytes as in <see cref="Q4_0"/>.</summary>
    Q4_1 = 3,

    /// <summary>5 bits: d (q − 16). Block: d, 32 fifth bits, then 16 bytes as in <see cref="Q4_0"/>.</summary>
    Q5_0 = 6,

    /// <summary>5 bits: d q + m. Block: d, m, 32 fifth bits, then 16 bytes as in <see cref="Q4_0"/>.</summary>
    Q5_1 = 7,

    /// <summary>8 bits: d q. Block: d, then 32 signed bytes.</summary>
    Q8_0 = 8,

    /// <summary>2 bits, and per 16 elements a 4-bit scale and a 4-bit minimum.</summary>
    Q2_K = 10,

    /// <summary>3 bits, and per 16 elements a 6-bit scale.</summary>
    Q3_K = 11,

    /// <summary>4 bits, and per 32 elements a 6-bit scale and a 6-bit minimum.</summary>
    Q4_K = 12,

    /// <summary>5 bits, and per 32 elements a 6-bit scale and a 6-bit minimum.</summary>
    Q5_K = 13,

    /// <summary>6 bits, and per 16 elements an 8-bit scale.</summary>
    Q6_K = 14,

    /// <summary>The upper half of an IEEE single.</summary>
    BF16 = 30,
}
