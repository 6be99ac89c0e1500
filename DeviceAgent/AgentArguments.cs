using FwdLLM.DeviceAgent.Faults;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.DeviceAgent;

/// <summary>What the agent's command line says, checked for form but not yet against files or the cluster.</summary>
public sealed record AgentArguments
{
    /// <summary>Cluster.</summary>
    public required DeviceClientSettings Cluster { get; init; }

    /// <summary>Devices hosted by this process.</summary>
    public required FleetOptions Fleet { get; init; }

    /// <summary>Virtual devices among which the data is dealt, here and elsewhere.</summary>
    public required int TotalDevices { get; init; }

    /// <summary>What the rows of the data file are read for. Null: the job's task.</summary>
    public TaskKind? Task { get; init; }

    /// <summary>Data file.</summary>
    public required string DataFile { get; init; }

    /// <summary>How its rows are dealt: <c>iid</c>, <c>dirichlet:ALPHA</c> or <c>by:COLUMN</c>.</summary>
    public required string Split { get; init; }

    /// <summary>Seed of the dealing; every process of a fleet needs the same. Null: the job's seed.</summary>
    public ulong? SplitSeed { get; init; }

    /// <summary>Column of the text.</summary>
    public required string TextColumn { get; init; }

    /// <summary>Column of the label.</summary>
    public required string LabelColumn { get; init; }

    /// <summary>The devices hosted here compute exact gradients.</summary>
    public bool Exact { get; init; }

    /// <summary>Test equipment: what the network does to this process's messages; null for nothing (docs/faults.md).</summary>
    public MessageFaultOptions? MessageFaults { get; init; }

    /// <summary>Test equipment: file in which every receipt is noted; null for none.</summary>
    public string? ReceiptsFile { get; init; }

    /// <summary>Folder of compiled models.</summary>
    public required string ArtifactsFolder { get; init; }

    /// <summary>Where missing models are fetched; null for nowhere.</summary>
    public Uri? ArtifactsUrl { get; init; }
}
