namespace FwdLLM.Learning.Training;

/// <summary>The computation one device is asked for; everything about it that is not the model or the data.</summary>
public sealed record WorkOrder
{
    /// <summary>What to compute.</summary>
    public required WorkKind Kind { get; init; }

    /// <summary>The round, part of the address of every direction.</summary>
    public required uint Round { get; init; }

    /// <summary>The device's position in the round's cohort, part of the address of every direction.</summary>
    public required uint Slot { get; init; }

    /// <summary>The wave inside the round, from 0.</summary>
    public uint Wave { get; init; }

    /// <summary>Index of the first probe (probes of later waves go on counting).</summary>
    public uint FirstProbe { get; init; }

    /// <summary>K, the number of probes; 0 for work without probes.</summary>
    public int ProbeCount { get; init; }

    /// <summary>Examples in the device batch; 0 means the whole shard.</summary>
    public int BatchSize { get; init; }
}
