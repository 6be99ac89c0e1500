namespace FwdLLM.DeviceAgent;

/// <summary>What the sessions of a process share.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Snapshots">Model versions.</param>
/// <param name="Processors">One permit per computation that may run at a time.</param>
/// <param name="Statistics">Counts.</param>
/// <param name="Session">How a device behaves.</param>
/// <param name="Time">Clock.</param>
/// <param name="Random">Uniform in [0, 1), thread-safe.</param>
public sealed record FleetContext(
    IDeviceCluster Cluster,
    SnapshotCache Snapshots,
    SemaphoreSlim Processors,
    FleetStatistics Statistics,
    SessionOptions Session,
    TimeProvider Time,
    Func<double> Random);
