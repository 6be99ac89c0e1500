using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="JournalGrain"/>.</summary>
[GenerateSerializer, Alias("fl.state.journal")]
public sealed class JournalState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    [Id(1)] public RoundRecord? Record { get; set; }
}
