namespace FwdLLM.Silo;

/// <summary>Where the list of a cluster's silos is kept.</summary>
public enum ClusteringKind
{
    /// <summary>In the memory of the first silo, on one machine.</summary>
    Localhost,

    /// <summary>On a Redis server.</summary>
    Redis,

    /// <summary>In a PostgreSQL database.</summary>
    PostgreSql,
}
