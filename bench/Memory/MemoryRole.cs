namespace FwdLLM.Bench.Memory;

/// <summary>What a <see cref="MemoryDevice"/> does.</summary>
internal enum MemoryRole
{
    /// <summary>Features only.</summary>
    Inference,

    /// <summary>Features and directional derivatives.</summary>
    ForwardGradient,

    /// <summary>Features and the exact gradient.</summary>
    Backpropagation,
}
