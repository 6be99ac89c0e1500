using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="JournalGrain"/>.</summary>
[GenerateSerializer, Alias("fl.state.journal")]
public sealed class JournalState
{
    /// <summary>Newest format this build reads. 1: <see cref="Record"/>. 2: <see cref="Entry"/>.</summary>
    public const int Known = 2;

    [Id(0)] public int Format { get; set; } = Known;

    /// <summary>The whole round, in records of format 1.</summary>
    [Id(1)] public RoundRecord? Record { get; set; }

    /// <summary>Bytes of <see cref="JournalEntry"/>.</summary>
    [Id(2)] public byte[]? Entry { get; set; }
}
