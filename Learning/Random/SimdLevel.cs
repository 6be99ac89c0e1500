using System.Runtime.Intrinsics;

namespace FwdLLM.Learning.Random;

/// <summary>Vector width of a code path. All paths give the same bits; tests select each one.</summary>
internal enum SimdLevel
{
    /// <summary>One 32-bit word at a time.</summary>
    Scalar = 1,

    /// <summary>Four words: SSE2, NEON.</summary>
    Vector128 = 4,

    /// <summary>Eight words: AVX2.</summary>
    Vector256 = 8,

    /// <summary>Sixteen words: AVX-512.</summary>
    Vector512 = 16,
}

/// <summary>What this processor has.</summary>
internal static class SimdLevels
{
    /// <summary>The widest path with hardware support.</summary>
    public static SimdLevel Best { get; } =
        WordVector512.IsSupported ? SimdLevel.Vector512
        : WordVector256.IsSupported ? SimdLevel.Vector256
        : Vector128.IsHardwareAccelerated ? SimdLevel.Vector128
        : SimdLevel.Scalar;

    /// <summary>Whether a path can run here.</summary>
    public static bool IsSupported(SimdLevel level) => level switch
    {
        SimdLevel.Vector512 => WordVector512.IsSupported,
        SimdLevel.Vector256 => WordVector256.IsSupported,
        SimdLevel.Vector128 => Vector128.IsHardwareAccelerated,
        _ => true,
    };
}
