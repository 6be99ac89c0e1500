using System.Runtime.Intrinsics.X86;

namespace FwdLLM.Inference;

/// <summary>What ONNX Runtime's products of 8-bit integers do on this CPU.</summary>
public static class IntegerKernels
{
    // Intel, Architecture Instruction Set Extensions Programming Reference: leaf 7.
    private const int Features = 7, Avx512Vnni = 1 << 11, AvxVnni = 1 << 4;

    /// <summary>
    /// Whether sums of unsigned inputs times signed weights may be wrong: x86 without VNNI adds pairs of products in 16 bits, 2·255·127
    /// does not fit. ARM's kernels add in 32 bits, and so does VNNI, of which ONNX Runtime uses the 512-bit and the 256-bit form.
    /// </summary>
    public static bool SignedWeightsSaturate { get; } = X86Base.IsSupported && !HasVnni();

    private static bool HasVnni() =>
        // The registers must be there too: Avx512BW and Avx2 say whether the system saves them.
        (Avx512BW.IsSupported && (X86Base.CpuId(Features, 0).Ecx & Avx512Vnni) != 0)
        || (Avx2.IsSupported && X86Base.CpuId(Features, 0).Eax >= 1 && (X86Base.CpuId(Features, 1).Eax & AvxVnni) != 0);
}
