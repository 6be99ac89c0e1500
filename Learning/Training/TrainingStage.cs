namespace FwdLLM.Learning.Training;

/// <summary>Where a job stands. Persisted: values never change.</summary>
public enum TrainingStage : byte
{
    /// <summary>Forward pass over all data, for the first head fit.</summary>
    Statistics = 1,

    /// <summary>First head fit, adapter at its start.</summary>
    HeadFit = 2,

    /// <summary>Curvature of each block.</summary>
    Curvature = 3,

    /// <summary>Probe rounds.</summary>
    Probes = 4,

    /// <summary>Forward pass over all data, for the last head fit.</summary>
    LastStatistics = 5,

    /// <summary>Last head fit, adapter at its end.</summary>
    LastHeadFit = 6,

    /// <summary>Complete.</summary>
    Done = 7,
}
