namespace FwdLLM.Bench;

/// <summary>What one call put on the socket, headers of TCP and IP not counted.</summary>
/// <param name="Up">Bytes the device sent.</param>
/// <param name="Down">Bytes it received.</param>
internal readonly record struct WireBytes(long Up, long Down);
