using System.Text.Json;
using System.Text.Json.Serialization;
using FwdLLM.Grains;

namespace FwdLLM.Cli.Journals;

/// <summary>What came of a replay; with <c>--format json</c> the last line of standard output. Names are an interface: they are added to, never changed.</summary>
internal sealed record ReplaySummary
{
    /// <summary>Job id.</summary>
    [JsonPropertyName("job")]
    public required string Job { get; init; }

    /// <summary>Rounds the journal goes to, which is also the model's version.</summary>
    [JsonPropertyName("rounds")]
    public required long Rounds { get; init; }

    /// <summary>Version the replay started from: 0, or that of the checkpoint.</summary>
    [JsonPropertyName("first")]
    public long First { get; init; }

    /// <summary>Contributions replayed; null when it did not get to the end.</summary>
    [JsonPropertyName("contributions")]
    public long? Contributions { get; init; }

    /// <summary>Bytes of the entries as stored; null when it did not get to the end.</summary>
    [JsonPropertyName("journal_bytes")]
    public long? JournalBytes { get; init; }

    /// <summary>SHA-256 of adapter and head as rebuilt; null when it did not get to the end.</summary>
    [JsonPropertyName("adapter_sha256")]
    public string? AdapterSha256 { get; init; }

    /// <summary>SHA-256 chain over the journal as rebuilt; null when it did not get to the end.</summary>
    [JsonPropertyName("journal_hash")]
    public string? JournalHash { get; init; }

    /// <summary>Both hashes are those that the journal, and the operator, expect.</summary>
    [JsonPropertyName("equal")]
    public required bool Equal { get; init; }

    /// <summary>What is not equal; null otherwise.</summary>
    [JsonPropertyName("error")]
    public string? Error { get; init; }

    /// <summary>Wall-clock seconds.</summary>
    [JsonPropertyName("seconds")]
    public required double Seconds { get; init; }

    /// <summary>With what a replay came to.</summary>
    public ReplaySummary With(ReplayResult result) => this with
    {
        First = result.First,
        Contributions = result.Contributions,
        JournalBytes = result.JournalBytes,
        AdapterSha256 = result.AdapterSha256,
        JournalHash = result.JournalHash,
    };

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this);
}
