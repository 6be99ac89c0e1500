namespace FwdLLM.DeviceAgent;

/// <summary>How a client learns of the cluster's gateways.</summary>
public enum ClusteringKind
{
    /// <summary>From the addresses it is given, and from the silos over HTTP.</summary>
    Gateways,

    /// <summary>From the membership table on a Redis server.</summary>
    Redis,

    /// <summary>From the membership table in a PostgreSQL database.</summary>
    PostgreSql,
}
