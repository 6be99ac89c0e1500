namespace FwdLLM.DeviceAgent;

/// <summary>Why a device's session ended.</summary>
/// <param name="DeviceId">Device.</param>
/// <param name="Refusal">Null when the job ended; otherwise why the cluster would not have the device or its results.</param>
public sealed record SessionEnd(string DeviceId, string? Refusal);
