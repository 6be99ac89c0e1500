namespace FwdLLM.DeviceAgent;

/// <summary>Which cluster a device client connects to.</summary>
public sealed record DeviceClientSettings
{
    /// <summary>Gateways as <c>host:port</c>; several give failover.</summary>
    /// <value>127.0.0.1:30000.</value>
    /// <remarks>The gateway a silo opens on the same machine without further settings.</remarks>
    public IReadOnlyList<string> Gateways { get; init; } = ["127.0.0.1:30000"];

    /// <summary>HTTP addresses of silos, each ending with a slash, that tell the gateways (<see cref="HttpGatewayList"/>).</summary>
    /// <value>None.</value>
    /// <remarks>With them the list follows the cluster: silos that come are used, silos that went are not tried. <see cref="Gateways"/> are then only where to begin, and may be empty.</remarks>
    public IReadOnlyList<Uri> GatewayUrls { get; init; } = [];

    /// <summary>Where the list of gateways comes from.</summary>
    /// <value>Gateways.</value>
    /// <remarks>The others are for clients inside the data centre: a device at the edge must not hold the cluster's credentials.</remarks>
    public ClusteringKind Clustering { get; init; }

    /// <summary>The server of <see cref="Clustering"/>, as the silos are given it.</summary>
    /// <value>None.</value>
    /// <remarks>It may hold a password, so no message repeats it.</remarks>
    public string? ClusteringConnection { get; init; }

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

    /// <summary>Which cluster; a record's own form would show the connection's password.</summary>
    public override string ToString() => Clustering == ClusteringKind.Gateways
        ? string.Join(", ", [.. Gateways, .. GatewayUrls.Select(url => url.ToString())])
        : $"cluster {ClusterId} by its membership in {Clustering}";

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">Names the setting and what is allowed.</exception>
    public void Validate()
    {
        Resilience.Validate();
        foreach (var gateway in Gateways)
            GatewayAddress.Parse(gateway);
        if (Clustering == ClusteringKind.Gateways && Gateways.Count == 0 && GatewayUrls.Count == 0)
            throw new ArgumentException("no gateway is given; give at least one as host:port, or a silo's HTTP address.");
        if (Clustering != ClusteringKind.Gateways && (Gateways.Count > 0 || GatewayUrls.Count > 0))
            throw new ArgumentException($"the gateways are read from {Clustering} and given as well; give one of both.");
        if ((Clustering == ClusteringKind.Gateways) != string.IsNullOrEmpty(ClusteringConnection))
            throw new ArgumentException(Clustering == ClusteringKind.Gateways
                ? "a clustering connection is given without the kind of its server; give redis or postgresql."
                : $"the server of {Clustering} clustering is not given; give its connection.");
    }
}
