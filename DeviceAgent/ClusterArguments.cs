using System.CommandLine;

namespace FwdLLM.DeviceAgent;

/// <summary>The options with which a command line names a cluster, the same for the agent and for <c>fwdllm job</c>.</summary>
public sealed class ClusterArguments
{
    /// <summary>Variable read when <c>--clustering-connection</c> is not given: it may hold a password, which others see on a command line.</summary>
    public const string ConnectionVariable = "FWDLLM_CLUSTERING_CONNECTION";

    private readonly Option<string[]> _gateways = new("--gateway")
    {
        Description = "A silo's gateway as host:port; give it again for each further silo. 127.0.0.1:30000 when no cluster is named.",
        HelpName = "host:port",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _urls = new("--gateways-url")
    {
        Description = "A silo's HTTP address, which tells all gateways and keeps doing so; give it again for each further silo.",
        HelpName = "url",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _clustering = new("--clustering") { Description = "Inside the data centre: read the gateways from the cluster's own server, redis or postgresql.", HelpName = "kind" };

    private readonly Option<string?> _connection = new("--clustering-connection") { Description = $"That server, as the silos are given it. Better in {ConnectionVariable}: it may hold a password.", HelpName = "text" };

    private readonly Option<string> _clusterId = new("--cluster-id") { Description = "The cluster's id.", DefaultValueFactory = _ => "fwdllm", HelpName = "id" };

    private readonly Option<string> _serviceId = new("--service-id") { Description = "The service's id.", DefaultValueFactory = _ => "fwdllm", HelpName = "id" };

    /// <summary>All options, for a command to add.</summary>
    public IReadOnlyList<Option> All => [_gateways, _urls, _clustering, _connection, _clusterId, _serviceId];

    /// <summary>The cluster a command line names.</summary>
    /// <exception cref="ArgumentException">A value is wrong, or two ways to find the gateways exclude each other.</exception>
    public DeviceClientSettings Read(ParseResult parsed)
    {
        var gateways = parsed.GetValue(_gateways) ?? [];
        var urls = (parsed.GetValue(_urls) ?? []).Select(text => HttpAddress.Parse(text, _urls.Name)).ToArray();
        var kind = parsed.GetValue(_clustering) switch
        {
            null => ClusteringKind.Gateways,
            "redis" => ClusteringKind.Redis,
            "postgresql" => ClusteringKind.PostgreSql,
            var other => throw new ArgumentException($"{_clustering.Name} is '{other}'; give redis or postgresql."),
        };
        var settings = new DeviceClientSettings
        {
            Gateways = gateways.Length == 0 && urls.Length == 0 && kind == ClusteringKind.Gateways ? new DeviceClientSettings().Gateways : gateways,
            GatewayUrls = urls,
            Clustering = kind,
            ClusteringConnection = parsed.GetValue(_connection) ?? (kind == ClusteringKind.Gateways ? null : Environment.GetEnvironmentVariable(ConnectionVariable)),
            ClusterId = parsed.GetValue(_clusterId)!,
            ServiceId = parsed.GetValue(_serviceId)!,
        };
        settings.Validate();
        return settings;
    }
}
