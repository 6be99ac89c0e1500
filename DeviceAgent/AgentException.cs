namespace FwdLLM.DeviceAgent;

/// <summary>The agent cannot go on; the message is for the operator and says what to do.</summary>
public sealed class AgentException(string message, Exception? inner = null) : Exception(message, inner);
