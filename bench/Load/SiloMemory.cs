namespace FwdLLM.Bench.Load;

/// <summary>Memory of silos.</summary>
/// <param name="Live">Bytes of objects that live after a full collection.</param>
/// <param name="Resident">Bytes the system counts.</param>
internal readonly record struct SiloMemory(long Live, long Resident);
