namespace FwdLLM.DeviceAgent;

/// <summary>A compiled model could not be had. The message says which, why, and what to do.</summary>
public sealed class ArtifactException(string message, Exception? inner = null) : Exception(message, inner);
