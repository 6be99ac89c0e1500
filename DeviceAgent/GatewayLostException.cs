namespace FwdLLM.DeviceAgent;

/// <summary>A connection to a gateway ended while a call was on its way: whether the call arrived is not known, and no answer will come.</summary>
public sealed class GatewayLostException() : Exception("the connection to a gateway ended while the call was on its way");
