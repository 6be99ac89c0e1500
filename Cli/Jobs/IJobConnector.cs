namespace FwdLLM.Cli.Jobs;

/// <summary>Connects to clusters.</summary>
public interface IJobConnector
{
    /// <summary>Connects to any of the gateways, each host:port.</summary>
    /// <exception cref="InputException">A gateway is not host:port or cannot be resolved.</exception>
    Task<IJobCluster> ConnectAsync(IReadOnlyList<string> gateways, CancellationToken cancellation);
}
