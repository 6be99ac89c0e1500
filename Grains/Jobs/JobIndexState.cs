namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="JobIndexGrain"/>.</summary>
[GenerateSerializer, Alias("fl.state.jobindex")]
public sealed class JobIndexState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    [Id(1)] public List<string> Unfinished { get; set; } = [];
}
