namespace FwdLLM.Grains;

/// <summary>Second stored state of <see cref="ModelGrain"/>, only of jobs that keep a part of their journal: one record, so that the two change together.</summary>
[GenerateSerializer, Alias("fl.state.checkpoints")]
public sealed class CheckpointState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    /// <summary>Where a replay starts; null while the journal goes back to version 0.</summary>
    [Id(1)] public Checkpoint? Base { get; set; }

    /// <summary>What follows it when as many rounds again are committed.</summary>
    [Id(2)] public Checkpoint? Next { get; set; }
}
