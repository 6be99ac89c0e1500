using FwdLLM.DeviceAgent;

namespace FwdLLM.Cli.Jobs;

/// <summary>Connects to clusters.</summary>
public interface IJobConnector
{
    /// <summary>Connects to a cluster.</summary>
    /// <exception cref="InputException">A setting is wrong, or a gateway's name cannot be resolved.</exception>
    Task<IJobCluster> ConnectAsync(DeviceClientSettings cluster, CancellationToken cancellation);
}
