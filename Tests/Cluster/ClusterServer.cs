namespace FwdLLM.Tests.Cluster;

/// <summary>Where a cluster of processes keeps its state and its membership: a file, or a server of its own.</summary>
internal sealed class ClusterServer : IAsyncDisposable
{
    private ClusterServer(string kind, TestServer? server) => (Kind, Server) = (kind, server);

    /// <summary>As the settings name it.</summary>
    public string Kind { get; }

    /// <summary>The server; null for a file.</summary>
    public TestServer? Server { get; }

    /// <summary>No silo is the first: any may die.</summary>
    public bool HasMembership => Server is not null;

    /// <summary>Starts what <paramref name="kind"/> needs; skips the test where a program is missing.</summary>
    /// <param name="kind">sqlite, redis or postgresql.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<ClusterServer> StartAsync(string kind, CancellationToken cancellation) => kind switch
    {
        "sqlite" => new ClusterServer(kind, null),
        "redis" => new ClusterServer(kind, await RedisTestServer.StartNewAsync(cancellation)),
        "postgresql" => new ClusterServer(kind, await PostgresTestServer.StartNewAsync(cancellation)),
        _ => throw new ArgumentException($"There is no storage '{kind}'.", nameof(kind)),
    };

    /// <summary>What a silo is told. The connection is in the environment, as it should be for a password.</summary>
    public Dictionary<string, string> Environment()
    {
        var settings = new Dictionary<string, string> { ["FWDLLM_SILO_STORAGE"] = Kind };
        if (Server is not null)
            (settings["FWDLLM_SILO_STORAGE_CONNECTION"], settings["FWDLLM_SILO_CLUSTERING"]) = (Server.Connection, Kind);
        return settings;
    }

    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
