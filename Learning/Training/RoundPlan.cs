namespace FwdLLM.Learning.Training;

/// <summary>What the next round asks of its devices; follows from the model state alone.</summary>
public sealed record RoundPlan
{
    /// <summary>Round number, from 0.</summary>
    public required uint Round { get; init; }

    /// <summary>Work.</summary>
    public required WorkKind Kind { get; init; }

    /// <summary>Phase for people.</summary>
    public required string Phase { get; init; }

    /// <summary>Devices wanted; 0 for all.</summary>
    public int CohortSize { get; init; }

    /// <summary>Examples per device; 0 for the whole shard.</summary>
    public int BatchSize { get; init; }

    /// <summary>Probes per device and wave.</summary>
    public int ProbesPerDevice { get; init; }

    /// <summary>Most waves.</summary>
    public int MaxWaves { get; init; } = 1;
}
