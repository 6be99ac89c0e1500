namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="JournalPartGrain"/>.</summary>
[GenerateSerializer, Alias("fl.state.journalpart")]
public sealed class JournalPartState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    /// <summary>Bytes of <see cref="JournalPart"/>; null before they are written.</summary>
    [Id(1)] public byte[]? Data { get; set; }
}
