namespace FwdLLM.Grains.Interfaces;

/// <summary>What a journal belongs to, where it starts, and what it must come to.</summary>
[GenerateSerializer, Immutable, Alias("fl.journalhead.v1")]
public sealed record JournalHead
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobSpec Spec { get; init; }

    /// <summary>Committed version: the journal's entries are those of the rounds before it.</summary>
    [Id(1)] public required long Version { get; init; }

    /// <summary>SHA-256 chain over all entries up to <see cref="Version"/> (hex).</summary>
    [Id(2)] public required string JournalHash { get; init; }

    /// <summary>SHA-256 of θ and head at <see cref="Version"/> (hex).</summary>
    [Id(3)] public required string AdapterSha256 { get; init; }

    /// <summary>Round of the oldest entry that is kept; when it is not 0, also the version of the checkpoint from which a replay starts.</summary>
    [Id(4)] public long First { get; init; }

    /// <summary>SHA-256 chain up to <see cref="First"/> (hex).</summary>
    [Id(5)] public required string FirstHash { get; init; }
}
