namespace FwdLLM.DeviceAgent;

/// <summary>Which cluster a device client connects to.</summary>
public sealed record DeviceClientSettings
{
    /// <summary>Gateways as <c>host:port</c>; several give failover.</summary>
    /// <value>127.0.0.1:30000.</value>
    /// <remarks>The gateway a silo opens on the same machine without further settings.</remarks>
    public IReadOnlyList<string> Gateways { get; init; } = ["127.0.0.1:30000"];

    /// <summary>The cluster's id; gateways of another cluster refuse the client.</summary>
    /// <value>fwdllm.</value>
    /// <remarks>The silo's own default.</remarks>
    public string ClusterId { get; init; } = "fwdllm";

    /// <summary>The service's id, part of storage keys in the cluster.</summary>
    /// <value>fwdllm.</value>
    /// <remarks>The silo's own default.</remarks>
    public string ServiceId { get; init; } = "fwdllm";

    /// <summary>Timings.</summary>
    /// <value>Those of <see cref="ResilienceOptions"/>.</value>
    public ResilienceOptions Resilience { get; init; } = new();
}
